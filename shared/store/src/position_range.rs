use domain::{Page, Position, Retention, Timestamp};

/// The part of a list that is asked for: everything between two places, both left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct PositionRange {
    pub after: Option<Position>,
    pub before: Option<Position>,
}

impl PositionRange {
    /// The lowest place to read, never beyond the retention.
    pub(crate) fn lowest(self, retention: Retention, now: Timestamp) -> Position {
        let floor = retention.oldest_position(now);
        self.after.map_or(floor, |after| floor.max(after.successor()))
    }

    /// The highest place to read, if there is one.
    pub(crate) fn highest(self) -> Option<Position> {
        self.before.map(Position::predecessor)
    }
}

/// Cuts what a query found, which asked for one more than the page holds, to the page.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, is_cut_short: bool, place: impl Fn(&T) -> Position) -> Page<T> {
    let more = is_cut_short || items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(place) } else { None };
    Page { items, next }
}
