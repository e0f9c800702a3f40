use crate::Position;

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor after which the next older page begins; `None` at the end of the list.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// Truncates the page to a total weight of at most `most`. Keeps at least one item.
    #[must_use]
    pub fn up_to(mut self, most: usize, weight: impl Fn(&T) -> usize, place: impl Fn(&T) -> Position) -> Self {
        let mut together = 0;
        let fits = self.items.iter().take_while(|item| {
            together += weight(item);
            together <= most
        });
        let kept = fits.count().max(1);
        if kept < self.items.len() {
            self.items.truncate(kept);
            self.next = self.items.last().map(place);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_page_is_cut_where_it_becomes_too_heavy_and_goes_on_from_there() {
        let place = |item: &u64| Position::new(Timestamp::from_millis(*item), 0);
        let page = |most| Page { items: vec![3, 2, 1], next: None }.up_to(most, |_| 10, place);
        assert_eq!((page(30).items, page(30).next), (vec![3, 2, 1], None));
        assert_eq!((page(29).items, page(29).next), (vec![3, 2], Some(place(&2))));
        assert_eq!((page(1).items, page(1).next), (vec![3], Some(place(&3))), "it gets on, however heavy one is");
        let empty = Page { items: Vec::<u64>::new(), next: Some(place(&1)) }.up_to(1, |_| 10, place);
        assert_eq!((empty.items.len(), empty.next), (0, Some(place(&1))));
    }
}
