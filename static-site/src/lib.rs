#![doc = include_str!("../README.md")]

mod assets;
mod headers;
mod pages;

pub use assets::address;
pub use headers::SECURITY_HEADERS;

use std::borrow::Cow;

/// A file of the site.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the site's root.
    pub path: String,
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
    /// Of the content, in hexadecimal.
    pub hash: String,
    /// Whether the name changes with the content, so that it may be cached for ever.
    pub immutable: bool,
}

/// The whole site.
#[must_use]
pub fn files() -> Vec<File> {
    let mut files = assets::files();
    files.extend(pages::files());
    files
}
