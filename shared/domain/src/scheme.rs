/// The URL scheme of the portal. It decides the attributes of cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Https,
    /// HTTP without TLS, for local development only.
    Http,
}

impl Scheme {
    /// Returns the scheme of the portal's origin.
    #[must_use]
    pub fn of_origin(origin: &str) -> Self {
        if origin.starts_with("http://") { Self::Http } else { Self::Https }
    }
}
