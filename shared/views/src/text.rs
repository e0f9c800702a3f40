use domain::{TimelineEntry, shown_text};
use maud::{Markup, html};

/// What somebody wrote, as text and as nothing else: escaped by `maud`, isolated from the
/// direction of the text around it (`<bdi>`), with characters that would act unseen shown by name.
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

/// The text of a message, or that it has none.
pub(crate) fn message_text(message: &str) -> Markup {
    text(shown_text(message))
}

/// How many bytes an entry takes at most in an answer, as HTML or as JSON, apart from its text.
const ENTRY: usize = 4096;

/// How many bytes a text takes at most in an answer of a function, which is JSON with HTML or JSON within it.
fn weight(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            // `<span class="unseen" title="An invisible character: RLO">RLO</span>`, its quotes escaped.
            unnamed if unseen(unnamed).is_some() => 80,
            '<' | '>' | '&' | '"' | '\\' => 6,
            '\n' | '\r' | '\t' => 3,
            other => other.len_utf8(),
        })
        .sum()
}

/// What a page of an answer may weigh: Lambda gives no more than 6 MB of one.
pub const HEAVIEST_PAGE: usize = 5 * 1024 * 1024;

/// How many bytes an event takes at most in an answer.
#[must_use]
pub fn event_weight(event: &TimelineEntry) -> usize {
    match event {
        TimelineEntry::Message(message) => ENTRY + weight(&message.text),
        TimelineEntry::Call(_) => ENTRY,
    }
}

/// The name of a character that changes how its neighbours look, or that cannot be seen. Marks
/// and isolates that ordinary Arabic and Hebrew need are left alone: `<bdi>` holds them in.
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
