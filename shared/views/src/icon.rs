use maud::{Markup, PreEscaped, html};

/// The portal's own icons, drawn on a grid of 24 by 24. The icons do not depend on a font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Back,
    Bubble,
    Pen,
    Phone,
    Search,
    Send,
    SignOut,
    Warning,
}

/// Renders an icon. The icon is hidden from screen readers, so the text next to it must have the same meaning.
#[must_use]
pub fn icon(icon: Icon) -> Markup {
    let path = match icon {
        Icon::Back => r#"<path d="M15 5l-7 7 7 7"/>"#,
        Icon::Bubble => r#"<path d="M4 5h16v11H10l-5 4v-4H4z"/>"#,
        Icon::Pen => r#"<path d="M4 20l1-5L16 4l4 4L9 19z"/>"#,
        Icon::Phone => {
            r#"<path d="M8.5 4H5.3A1.3 1.3 0 0 0 4 5.3C4 13.4 10.6 20 18.7 20a1.3 1.3 0 0 0 1.3-1.3v-3.2l-4.6-1.2-1.8 2.2a13 13 0 0 1-6.1-6.1l2.2-1.8z"/>"#
        }
        Icon::Search => r#"<circle cx="11" cy="11" r="6"/><path d="M16 16l4 4"/>"#,
        Icon::Send => r#"<path d="M4 12l16-8-5 16-3-7z"/>"#,
        Icon::SignOut => r#"<path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9"/>"#,
        Icon::Warning => r#"<path d="M12 4l9 16H3zM12 10v4M12 17v.5"/>"#,
    };
    html! {
        svg.icon viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" { (PreEscaped(path)) }
    }
}
