#![doc = include_str!("../README.md")]

mod assets;
mod content_type;
mod headers;
mod installable;
mod pages;
mod upload;

pub use assets::address;
pub use headers::SECURITY_HEADERS;
pub use upload::{Upload, uploads};

use std::borrow::Cow;

/// A file of the site.
#[derive(Clone, Debug)]
pub struct File {
    /// The path relative to the site's root.
    pub path: String,
    /// `None` if the type is not known. A site with such a file cannot be published.
    pub content_type: Option<&'static str>,
    pub bytes: Cow<'static, [u8]>,
    /// The hash of the content, in hexadecimal.
    pub hash: String,
    /// Whether the name changes with the content, so that the file may be cached for ever.
    pub immutable: bool,
}

impl File {
    fn new(path: String, bytes: impl Into<Cow<'static, [u8]>>, immutable: bool) -> Self {
        let bytes = bytes.into();
        Self { content_type: content_type::content_type_of(&path), hash: assets::hash(&bytes), path, bytes, immutable }
    }

    #[cfg(test)]
    fn is_page(&self) -> bool {
        self.content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
    }

    /// Returns the `Cache-Control` header. A file whose name stays the same is revalidated each time.
    #[must_use]
    pub fn cache_control(&self) -> &'static str {
        if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

/// Returns all files of the site.
#[must_use]
pub fn files() -> Vec<File> {
    let mut files = assets::FILES.clone();
    let pages = pages::files();
    let offline = pages.iter().find(|page| page.path == pages::OFFLINE).cloned();
    files.extend(pages);
    files.extend(offline.iter().flat_map(installable::files));
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_address_on_a_page_leads_to_a_file_of_the_site_or_to_the_api() {
        let files = files();
        let there: BTreeSet<_> = files.iter().map(|file| format!("/{}", file.path)).collect();
        let mut seen = 0;
        for page in files.iter().filter(|file| file.is_page()) {
            let text = std::str::from_utf8(&page.bytes).unwrap();
            for attribute in ["href=\"", "src=\"", "hx-get=\"", "hx-post=\"", "action=\""] {
                for address in text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let (path, place) = address.split_once('#').unwrap_or((address, ""));
                    // An empty address is the page itself, as in the link to load the offline page again.
                    let known = ["/", ""].contains(&path) || there.contains(path) || path.starts_with("/api/");
                    assert!(known, "{}: {attribute}{address}", page.path);
                    let led_to = files.iter().find(|file| format!("/{}", file.path) == path).unwrap_or(page);
                    let led_to = std::str::from_utf8(&led_to.bytes).unwrap_or_default();
                    assert!(
                        place.is_empty() || led_to.contains(&format!("id=\"{place}\"")),
                        "{}: {address}",
                        page.path
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn no_page_has_a_script_or_a_style_written_into_it() {
        for page in files().iter().filter(|file| file.is_page()) {
            let text = std::str::from_utf8(&page.bytes).unwrap();
            for written in ["<style", " style=", " onclick=", " onload=", " onsubmit=", "hx-on", "javascript:"] {
                assert!(!text.contains(written), "{}: {written}", page.path);
            }
            assert_eq!(
                text.matches("<script").count(),
                text.matches("<script src=\"/assets/").count(),
                "{}",
                page.path
            );
        }
    }
}
