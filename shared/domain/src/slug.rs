use thiserror::Error;

/// An id that people choose: 1 to 40 of `a-z`, `0-9` and `-`, so that it can stand in a key, an
/// address and a log without being quoted.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an id is 1 to 40 of the characters a-z, 0-9 and -")]
pub struct NotASlug;

pub(crate) fn parse(text: &str) -> Result<String, NotASlug> {
    let fits = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(text.to_owned()) } else { Err(NotASlug) }
}

/// A newtype over a checked slug that reads and writes itself as plain text.
macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NotASlug;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::slug::parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::NotASlug;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
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
            assert_eq!(parse(bad), Err(NotASlug), "{bad:?}");
        }
        assert_eq!(parse("harbor-dental-2").as_deref(), Ok("harbor-dental-2"));
    }
}
