use domain::{Page, Position, Retention, Timestamp};

/// A range of positions in a list. Both ends are exclusive.
#[derive(Clone, Copy, Debug, Default)]
pub struct PositionRange {
    pub after: Option<Position>,
    pub before: Option<Position>,
}

impl PositionRange {
    /// Returns the lowest position to read. Positions past the retention are never read.
    pub(crate) fn lowest(self, retention: Retention, now: Timestamp) -> Position {
        let floor = retention.oldest_position(now);
        self.after.map_or(floor, |after| floor.max(after.successor()))
    }

    /// Returns the highest position to read, or `None` if the range has no upper end.
    pub(crate) fn highest(self) -> Option<Position> {
        self.before.map(Position::predecessor)
    }
}

/// Truncates the items of a query to a page. The query must ask for one item more than the page holds.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, is_cut_short: bool, place: impl Fn(&T) -> Position) -> Page<T> {
    let more = is_cut_short || items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(place) } else { None };
    Page { items, next }
}
