use unicode_segmentation::GraphemeCursor;

const ELLIPSIS: &str = "…";

/// Truncates a text to at most `longest` bytes. A truncated text ends with "…".
///
/// The cut is between grapheme clusters (UAX #29), so that no flag, family or accented letter is split.
#[must_use]
pub fn truncate(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let Some(room) = longest.checked_sub(ELLIPSIS.len()) else { return String::new() };
    let room = text.floor_char_boundary(room);
    let mut cursor = GraphemeCursor::new(room, text.len(), true);
    let between = match cursor.is_boundary(text, 0) {
        Ok(true) => Some(room),
        _ => cursor.prev_boundary(text, 0).ok().flatten(),
    };
    // A single cluster that does not fit is split all the same.
    let beginning = &text[..between.filter(|at| *at > 0).unwrap_or(room)];
    let beginning = beginning.trim_end();
    if beginning.is_empty() { String::new() } else { format!("{beginning}{ELLIPSIS}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in ["", "hello", "👩‍👩‍👧‍👦", " "] {
            assert_eq!(truncate(text, text.len()), text);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_as_people_see_them() {
        for (text, longest, cut) in [
            ("hello there", 9, "hello…"),
            ("hello there", 10, "hello t…"),
            // Flags, a family, an accent as a separate character, a line break of two characters.
            ("a🇺🇸🇦🇺🇲🇽", 16, "a🇺🇸…"),
            ("a👩‍👩‍👧‍👦b👩‍👩‍👧‍👦", 40, "a👩‍👩‍👧‍👦b…"),
            ("Rene\u{301}es", 7, "Ren…"),
            ("ab\r\ncde", 6, "ab…"),
            ("hello", 3, ""),
            ("hello", 2, ""),
        ] {
            assert_eq!(truncate(text, longest), cut, "{text} in {longest}");
            assert!(cut.len() <= longest);
        }
    }

    #[test]
    fn one_character_that_is_too_long_by_itself_is_cut_all_the_same() {
        let piled = format!("a{}", "\u{301}".repeat(100));
        assert_eq!(truncate(&piled, 10), format!("a{}…", "\u{301}".repeat(3)));
    }
}
