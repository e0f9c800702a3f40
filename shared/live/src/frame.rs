use maud::Markup;

/// The largest frame in bytes. API Gateway forwards 32 KB in one piece, of which 128 bytes are left for the
/// `data-staff` element.
pub const LARGEST_FRAME: usize = 32 * 1024 - 128;

/// An element of a frame, which is never split.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub content: Markup,
    /// The element that replaces `content` if that is too large for a frame.
    pub hint: Markup,
}

/// The HTML of one WebSocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(pub String);

/// Packs fragments into as few frames as possible, in order.
#[must_use]
pub fn frames(pieces: impl IntoIterator<Item = Fragment>) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for piece in pieces {
        let content = piece.content.into_string();
        let content = if content.len() > LARGEST_FRAME { piece.hint.into_string() } else { content };
        match frames.last_mut() {
            Some(Frame(last)) if last.len() + content.len() <= LARGEST_FRAME => last.push_str(&content),
            _ => frames.push(Frame(content)),
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use maud::PreEscaped;

    use super::*;

    fn fragment(length: usize) -> Fragment {
        Fragment { content: PreEscaped("x".repeat(length)), hint: PreEscaped("hint".to_owned()) }
    }

    #[test]
    fn pieces_share_frames_in_their_order_and_none_is_larger_than_is_handed_on_whole() {
        let sizes: Vec<_> = frames([fragment(10), fragment(LARGEST_FRAME - 10), fragment(1), fragment(2)])
            .iter()
            .map(|frame| frame.0.len())
            .collect();
        assert_eq!(sizes, [LARGEST_FRAME, 3]);
        assert!(frames([]).is_empty());
    }

    #[test]
    fn what_fits_into_no_frame_becomes_a_hint_and_keeps_nothing_from_its_neighbours() {
        let cut = frames([fragment(1), fragment(LARGEST_FRAME + 1), fragment(1)]);
        assert_eq!(cut, [Frame("xhintx".to_owned())]);
    }
}
