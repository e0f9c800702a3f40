use http::StatusCode;
use http::header::ORIGIN;
use lambda_http::Request;

use crate::Problem;

/// The origins whose pages may write.
///
/// A browser names the origin of the page with every write and no page can change that, so another
/// site's page cannot write with a visitor's session. A client that names none is no browser, and
/// has its session from nobody else's.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    pub fn check(&self, request: &Request) -> Result<(), Problem> {
        match request.headers().get(ORIGIN) {
            None => Ok(()),
            Some(origin) if self.0.iter().any(|known| origin == known.as_str()) => Ok(()),
            Some(_) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "foreign-origin",
                "This came from a page that is not Switchboard's, so it was not done.",
            )),
        }
    }
}
