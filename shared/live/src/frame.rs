use maud::Markup;

/// In bytes: what is handed on whole, without what says of each frame whom it is for.
pub const LARGEST_FRAME: usize = 32 * 1024 - 128;

/// A part of a frame that is not cut.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub content: Markup,
    /// What is sent of it if it does not fit into any frame.
    pub hint: Markup,
}

/// What is posted to a connection at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(pub String);

/// As few frames as the pieces fit into, in their order.
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
