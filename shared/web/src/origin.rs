use http::header::ORIGIN;
use http::{HeaderValue, StatusCode};
use lambda_http::Request;

use crate::Problem;

/// Rejects a request that a page of another site sends with a user's session.
///
/// Every browser sends `Sec-Fetch-Site`, which says how the page of a request relates to the site. No page can change
/// the header, which W3C Fetch Metadata defines. Safari was the last browser to add it, in version 16.4. So there is no
/// list of origins that could be configured wrong. A client that sends neither this header nor `Origin` is not a
/// browser, so it cannot send another user's session cookie.
pub fn same_origin(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin") => Ok(()),
        None if !headers.contains_key(ORIGIN) => Ok(()),
        _ => Err(Problem::new(
            // The status is not 403, because CloudFront replaces a 403 by the site's page for missing pages.
            StatusCode::BAD_REQUEST,
            "foreign-origin",
            "This came from a page that is not Switchboard's, or from a browser older than 2023, so it was not done.",
        )),
    }
}
