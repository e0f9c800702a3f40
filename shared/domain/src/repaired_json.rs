/// Repairs JSON with invalid Unicode in its strings, so that a parser accepts it.
///
/// A surrogate without its other half (`\ud83d` of an emoji that a network split) becomes U+FFFD. A control character
/// within a string is escaped (RFC 8259, section 7). A leading byte-order mark is removed. Other errors are left as
/// they are.
#[must_use]
pub fn repaired_json(json: &str) -> String {
    let mut rest = json.strip_prefix('\u{feff}').unwrap_or(json);
    let mut repaired = String::with_capacity(rest.len());
    let mut in_string = false;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        match character {
            '"' => {
                in_string = !in_string;
                repaired.push('"');
            }
            '\\' if in_string => match unit(rest) {
                Some(0xd800..0xdc00) if matches!(unit(&rest[ESCAPE..]), Some(0xdc00..0xe000)) => {
                    taken = 2 * ESCAPE;
                    repaired.push_str(&rest[..taken]);
                }
                Some(0xd800..0xe000) => {
                    taken = ESCAPE;
                    repaired.push('\u{fffd}');
                }
                _ => {
                    // Skip the escaped character too, so that an escaped quotation mark does not end the string.
                    taken += rest[taken..].chars().next().map_or(0, char::len_utf8);
                    repaired.push_str(&rest[..taken]);
                }
            },
            '\0'..' ' if in_string => repaired.extend(["\\u00", &hex::encode([character as u8])]),
            _ => repaired.push(character),
        }
        rest = &rest[taken..];
    }
    repaired
}

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

/// Returns the UTF-16 code unit of the escape at the start of `json`.
fn unit(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_one_character_that_cannot_be_read_and_a_whole_one_stays() {
        for (json, repaired) in [
            (r#""late \ud83d""#, "\"late \u{fffd}\""),
            (r#""\ude0a see you""#, "\"\u{fffd} see you\""),
            (r#""a \ud83db""#, "\"a \u{fffd}b\""),
            (r#""\ud83d\ud83d\ude0a""#, "\"\u{fffd}\\ud83d\\ude0a\""),
            (r#""\ude0a\ud83d""#, "\"\u{fffd}\u{fffd}\""),
            (r#""\\ud83d \" \ud83d\ude0a""#, r#""\\ud83d \" \ud83d\ude0a""#),
            (r#"{"\ud83d": 1}"#, "{\"\u{fffd}\": 1}"),
        ] {
            assert_eq!(repaired_json(json), repaired);
        }
    }

    #[test]
    fn control_characters_are_escaped_within_strings_only() {
        assert_eq!(repaired_json("\u{feff}{\n\"a\": \"b\nc\td\"}"), "{\n\"a\": \"b\\u000ac\\u0009d\"}");
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for json in ["", "\"", "\"\\", "\"\\u", "\"\\ud8", "\"\\ud83d", "\\ud83d", "\"\\ud83d\\"] {
            assert_eq!(repaired_json(json).replace('\u{fffd}', "\\ud83d"), json);
        }
        assert_eq!(repaired_json("not json \\ud83d"), "not json \\ud83d");
        assert_eq!(repaired_json(r#""\x""#), r#""\x""#);
    }
}
