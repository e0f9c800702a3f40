use domain::{TimelineEntry, shown_text};
use maud::{Markup, html};

/// Renders a text that a customer or staff wrote, as plain text.
///
/// `maud` escapes it, `<bdi>` isolates its direction from the text around it, and invisible control characters are
/// shown by name.
pub(crate) fn text(text: &str) -> Markup {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        if let Some(name) = unseen(character) {
            pieces.push((&text[start..at], Some(name)));
            start = at + character.len_utf8();
        }
    }
    pieces.push((&text[start..], None));
    html! {
        bdi dir="auto" {
            @for (plain, name) in &pieces {
                (plain)
                @if let Some(name) = name { span.unseen title={ "An invisible character: " (name) } { (name) } }
            }
        }
    }
}

/// Renders the text of a message, or "(no text)".
pub(crate) fn message_text(message: &str) -> Markup {
    text(shown_text(message))
}

/// The largest size of an entry without its text in a function's response, in bytes, as HTML or JSON.
const ENTRY: usize = 4096;

/// Returns the largest size of a text in a function's response, in bytes. The response is JSON that contains HTML or
/// JSON.
fn weight(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            // `<span class="unseen" title="An invisible character: RLO">RLO</span>`, with escaped quotes.
            unnamed if unseen(unnamed).is_some() => 80,
            '<' | '>' | '&' | '"' | '\\' => 6,
            '\n' | '\r' | '\t' => 3,
            other => other.len_utf8(),
        })
        .sum()
}

/// The largest size of a page in a function's response, in bytes. Lambda limits a response to 6 MB.
pub const HEAVIEST_PAGE: usize = 5 * 1024 * 1024;

/// Returns the largest size of a timeline entry in a function's response, in bytes.
#[must_use]
pub fn event_weight(event: &TimelineEntry) -> usize {
    match event {
        TimelineEntry::Message(message) => ENTRY + weight(&message.text),
        TimelineEntry::Call(_) => ENTRY,
    }
}

/// Returns the name of a character that is invisible or changes the direction of its neighbours.
///
/// Marks and isolates that ordinary Arabic and Hebrew need are not included: `<bdi>` limits their effect.
fn unseen(character: char) -> Option<&'static str> {
    const CONTROLS: [&str; 32] = [
        "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
        "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
    ];
    match character {
        '\n' | '\t' | '\r' => None,
        '\0'..='\u{1f}' => CONTROLS.get(character as usize).copied(),
        '\u{7f}' => Some("DEL"),
        '\u{80}'..='\u{9f}' => Some("C1"),
        '\u{202a}' => Some("LRE"),
        '\u{202b}' => Some("RLE"),
        '\u{202c}' => Some("PDF"),
        '\u{202d}' => Some("LRO"),
        '\u{202e}' => Some("RLO"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_and_not_done() {
        let shown = text("<script>alert(1)</script> & \"x\"").into_string();
        assert!(!shown.contains("<script"));
        assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
    }

    #[test]
    fn overrides_and_control_characters_are_named_in_their_place() {
        let shown = text("a\u{202e}b\0c").into_string();
        assert!(!shown.contains('\u{202e}') && !shown.contains('\0'));
        assert!(shown.find("RLO").unwrap() < shown.find("NUL").unwrap());
    }

    #[test]
    fn emoji_arabic_and_chinese_come_through_whole() {
        let said = "👩‍👩‍👧 نعم، سآتي 明天见\nline";
        assert_eq!(text(said).into_string(), format!("<bdi dir=\"auto\">{said}</bdi>"));
    }
}
