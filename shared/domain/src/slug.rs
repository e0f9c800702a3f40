use thiserror::Error;

/// The error for a text that is not a valid id: 1 to 40 of `a-z`, `0-9` and `-`.
///
/// Operators choose such ids. These characters need no quoting in a key, a URL and a log.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an id is 1 to 40 of the characters a-z, 0-9 and -")]
pub struct InvalidSlug;

pub(crate) fn parse(text: &str) -> Result<String, InvalidSlug> {
    let fits = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(text.to_owned()) } else { Err(InvalidSlug) }
}

/// Defines the type of an id that operators choose.
macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::checked::checked! {
            $(#[$doc])*
            #[derive(PartialOrd, Ord)]
            $name, $crate::slug::parse => $crate::InvalidSlug
        }
    };
}
pub(crate) use slug;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_smuggle_a_separator_into_a_key() {
        for bad in ["", "a#b", "A", "a b", "a/b", "é", &"a".repeat(41)] {
            assert_eq!(parse(bad), Err(InvalidSlug), "{bad:?}");
        }
        assert_eq!(parse("harbor-dental-2").as_deref(), Ok("harbor-dental-2"));
    }
}
