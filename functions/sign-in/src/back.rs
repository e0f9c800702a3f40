/// Returns the page to return to after signing in. An address that is not a page of the portal becomes `/`.
pub(crate) fn page(wanted: Option<&str>) -> &str {
    wanted.filter(|wanted| is_page(wanted)).unwrap_or("/")
}

/// Returns whether an address is `/` or `/<name>.html`, with or without a query.
///
/// Other addresses are not allowed: browsers resolve dots and backslashes, which could lead to the API or to another
/// site.
fn is_page(address: &str) -> bool {
    if address == "/" {
        return true;
    }
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let name = path.strip_prefix('/').and_then(|file| file.strip_suffix(".html")).unwrap_or_default();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name && query.bytes().all(|byte| byte.is_ascii_graphic()) && address.len() <= 300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_a_page_of_this_portal_and_nothing_else() {
        for own in ["/", "/messages.html", "/conversation.html?c=0a1b", "/new-message.html?to=%2B1425&name=Sam"] {
            assert_eq!(page(Some(own)), own);
        }
        assert_eq!(page(None), "/");
        let long = format!("/messages.html?{}", "x".repeat(300));
        for elsewhere in [
            "",
            "//evil.example",
            "https://evil.example/messages.html",
            "/\\evil.example",
            "/a b.html",
            "/messages.html?a b",
            "/messages.html?a\nb",
            "/api/sign-out",
            "/./api/sign-out",
            "/../messages.html",
            "/.html",
            "/a/messages.html",
            "/messages.html#x",
            "/%61pi.html",
            &long,
        ] {
            assert_eq!(page(Some(elsewhere)), "/", "{elsewhere}");
        }
    }
}
