use http::header::ORIGIN;
use http::{HeaderValue, StatusCode};
use lambda_http::Request;

use crate::Problem;

/// Refuses what a page of another site sends with a visitor's session.
///
/// Every browser says of each request whose page it comes from (`Sec-Fetch-Site`, W3C Fetch
/// Metadata; the last to begin was Safari 16.4), and no page can change that. So there is no list of
/// origins to be configured, or to be wrong. A client that names neither this nor an origin is no
/// browser, and has its session from nobody else's.
pub fn same_origin(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin") => Ok(()),
        None if !headers.contains_key(ORIGIN) => Ok(()),
        _ => Err(Problem::new(
            // Not 403: in front of the portal that stands for a page that is not there.
            StatusCode::BAD_REQUEST,
            "foreign-origin",
            "This came from a page that is not Switchboard's, or from a browser older than 2023, so it was not done.",
        )),
    }
}
