use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Timestamp;

/// A cursor: a position in an ordered list, made of a moment and an id to break ties.
///
/// Its text sorts in the same order as the value. So the text serves as the sort key in the table, the `data-key` of a
/// list's element, and the token of a page.
///
/// Written as `<13 digits of milliseconds>-<32 hexadecimal digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    pub at: Timestamp,
    pub id: u128,
}

/// The error for a text that is not a position.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not the address of a page")]
pub struct InvalidPosition;

impl Position {
    #[must_use]
    pub fn new(at: Timestamp, id: u128) -> Self {
        Self { at, id }
    }

    /// Returns the first position at a moment.
    #[must_use]
    pub fn start_of(at: Timestamp) -> Self {
        Self { at, id: 0 }
    }

    /// Returns the position just before this one, as an inclusive upper bound that excludes this one. The very first
    /// position returns itself.
    #[must_use]
    pub fn predecessor(self) -> Self {
        let before = match self.id.checked_sub(1) {
            Some(id) => Self { id, ..self },
            None => Self { at: Timestamp::from_millis(self.at.as_millis().saturating_sub(1)), id: u128::MAX },
        };
        before.min(self)
    }

    /// Returns the position just after this one, as an inclusive lower bound that excludes this one. The very last
    /// position returns itself.
    #[must_use]
    pub fn successor(self) -> Self {
        let after = match self.id.checked_add(1) {
            Some(id) => Self { id, ..self },
            None => Self::start_of(Timestamp::from_millis(self.at.as_millis() + 1)),
        };
        after.max(self)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}-{:032x}", self.at.as_millis(), self.id)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (at, id) = text.split_once('-').ok_or(InvalidPosition)?;
        let digits = at.len() == 13 && at.bytes().all(|b| b.is_ascii_digit());
        let hex = id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !digits || !hex {
            return Err(InvalidPosition);
        }
        Ok(Self {
            at: Timestamp::from_millis(at.parse().map_err(|_| InvalidPosition)?),
            id: u128::from_str_radix(id, 16).map_err(|_| InvalidPosition)?,
        })
    }
}

impl TryFrom<String> for Position {
    type Error = InvalidPosition;
    fn try_from(text: String) -> Result<Self, InvalidPosition> {
        text.parse()
    }
}

impl From<Position> for String {
    fn from(position: Position) -> String {
        position.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position_at(millis: u64, id: u128) -> Position {
        Position::new(Timestamp::from_millis(millis), id)
    }

    #[test]
    fn text_sorts_as_the_place_does() {
        let mut places = [
            position_at(2, 0),
            position_at(1, u128::MAX),
            position_at(1_000_000_000_000, 3),
            position_at(1, 9),
            position_at(1, 10),
        ];
        places.sort();
        let texts: Vec<_> = places.iter().map(ToString::to_string).collect();
        assert!(texts.is_sorted());
    }

    #[test]
    fn a_place_reads_back_as_it_was_written() {
        let place = position_at(1_732_250_000_123, 0xabc);
        assert_eq!(place.to_string().parse(), Ok(place));
    }

    #[test]
    fn neighbours_leave_out_exactly_one_place() {
        for place in [position_at(5, 7), position_at(5, 0), position_at(5, u128::MAX)] {
            assert!(place.predecessor() < place && place < place.successor());
            assert_eq!(place.predecessor().successor(), place);
            assert_eq!(place.successor().predecessor(), place);
        }
    }

    #[test]
    fn there_is_nothing_before_the_first_place_nor_after_the_last() {
        let (first, last) = (position_at(0, 0), position_at(u64::MAX, u128::MAX));
        assert_eq!((first.predecessor(), last.successor()), (first, last));
    }

    #[test]
    fn anything_else_is_no_place() {
        let good = position_at(5, 7).to_string();
        for bad in [
            "",
            "x",
            "-",
            &good[1..],
            &good.replace('-', "#"),
            &good.to_uppercase().replace('7', "F"),
            &format!("{good}0"),
        ] {
            assert_eq!(bad.parse::<Position>(), Err(InvalidPosition), "{bad}");
        }
    }
}
