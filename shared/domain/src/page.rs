use crate::Position;

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next older page begins, left out: `None` at the end.
    pub next: Option<Position>,
}
