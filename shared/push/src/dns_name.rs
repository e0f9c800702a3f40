/// Returns whether lower-case text is a DNS name below a top-level domain. An IP address, in any notation, is not a DNS
/// name.
pub(crate) fn is_dns_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, top)) = host.rsplit_once('.') else { return false };
    host.len() <= 253 && host.split('.').all(is_label) && top.starts_with(|first: char| first.is_ascii_lowercase())
}
