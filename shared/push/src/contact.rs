use std::fmt;
use std::str::FromStr;

use http::Uri;
use thiserror::Error;

use crate::dns_name::is_dns_name;

/// The contact for push services: a mailbox, as `mailto:it@example.com`, or a page, as `https://example.com/contact`.
///
/// RFC 8292, section 2.1, defines it. Apple rejects every push whose contact is neither a mailbox nor a page, or is on
/// a host outside the public DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VapidContact(String);

/// The error for an invalid contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidContact {
    #[error("the contact is neither a mailbox, as mailto:it@example.com, nor a page, as https://example.com/contact")]
    Shape,
    #[error("the contact's host is not in the public DNS, which Apple requires")]
    Host,
}

/// Top-level domains that are not in the public DNS. They are those of RFC 2606 and RFC 6761, and those of private
/// networks.
const NOT_PUBLIC: [&str; 8] = ["example", "internal", "invalid", "lan", "local", "localdomain", "localhost", "test"];

impl FromStr for VapidContact {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        const MAX_LENGTH: usize = 254;
        if text.len() > MAX_LENGTH || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidContact::Shape);
        }
        let host = match text.strip_prefix("mailto:") {
            Some(mailbox) => host_of_mailbox(mailbox)?.to_owned(),
            None => host_of_page(text)?,
        };
        if is_public(&host.to_ascii_lowercase()) { Ok(Self(text.to_owned())) } else { Err(InvalidContact::Host) }
    }
}

impl fmt::Display for VapidContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn host_of_mailbox(mailbox: &str) -> Result<&str, InvalidContact> {
    let (local, host) = mailbox.split_once('@').ok_or(InvalidContact::Shape)?;
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&'*+-/=^_`{|}~".contains(&b))
    };
    if local.split('.').all(is_atom) { Ok(host) } else { Err(InvalidContact::Shape) }
}

fn host_of_page(text: &str) -> Result<String, InvalidContact> {
    let page: Uri = text.parse().map_err(|_| InvalidContact::Shape)?;
    let authority = page.authority().ok_or(InvalidContact::Shape)?.as_str();
    if page.scheme_str() != Some("https") || authority.contains(['@', ':', '[']) {
        return Err(InvalidContact::Shape);
    }
    Ok(authority.to_owned())
}

/// Returns whether a host can be in the public DNS, by its name alone.
fn is_public(host: &str) -> bool {
    is_dns_name(host) && !NOT_PUBLIC.iter().any(|top| host.rsplit('.').next() == Some(top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_mailbox_or_a_page_that_is_found_from_outside() {
        for good in [
            "mailto:it@example.com",
            "mailto:first.last+push@mail.example.co.uk",
            "https://example.com",
            "https://d111111abcdef8.cloudfront.net",
            "https://example.com/contact?from=push",
        ] {
            assert_eq!(good.parse::<VapidContact>().map(|contact| contact.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "it@example.com",
            "tel:1234",
            "mailto:",
            "mailto:a b@example.com",
            "mailto:<it@example.com>",
            "mailto:It <it@example.com>",
            "mailto:@example.com",
            "mailto:.it@example.com",
            "http://example.com",
            "https://",
            "https://u:p@example.com",
            "https://example.com:8443",
            "https://[::1]",
        ] {
            assert_eq!(bad.parse::<VapidContact>(), Err(InvalidContact::Shape), "{bad}");
        }
        for bad in [
            "mailto:it@localhost",
            "mailto:it@LOCALHOST",
            "mailto:it@example.com?subject=push",
            "mailto:it@a@example.com",
            "mailto:it@mail.internal",
            "https://localhost",
            "https://portal.local/contact",
            "https://127.0.0.1",
            "https://example.com.",
        ] {
            assert_eq!(bad.parse::<VapidContact>(), Err(InvalidContact::Host), "{bad}");
        }
    }
}
