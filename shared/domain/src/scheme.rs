/// How browsers reach the portal. Its cookies follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Https,
    /// Without TLS: on this machine only.
    Http,
}

impl Scheme {
    /// Of the portal's origin.
    #[must_use]
    pub fn of_origin(origin: &str) -> Self {
        if origin.starts_with("http://") { Self::Http } else { Self::Https }
    }
}
