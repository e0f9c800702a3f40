//! S3 and CloudFront: the portal's files with their headers.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue, IF_NONE_MATCH, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use static_site::File;

use crate::stack::StackParts;

static FILES: LazyLock<HashMap<String, File>> =
    LazyLock::new(|| static_site::files().into_iter().map(|file| (format!("/{}", file.path), file)).collect());

pub(crate) async fn serve(State(shared): State<StackParts>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = if uri.path() == "/" { "/index.html" } else { uri.path() };
    let Some(file) = FILES.get(path) else {
        let page = FILES.get("/404.html").map(|page| page.bytes.clone()).unwrap_or_default();
        return (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    };
    // The issuer redirects to one origin, the portal's. The cookie of a sign-in begun at another host would be missing
    // there.
    let portal = &shared.origins[0];
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if path == "/sign-in.html" && host.is_some_and(|host| format!("http://{host}") != *portal) {
        return Redirect::temporary(&format!("{portal}{uri}")).into_response();
    }
    let tag = format!("W/\"{}\"", file.hash);
    let cache = (CACHE_CONTROL, file.cache_control());
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [cache], [(ETAG, tag)]).into_response();
    }
    ([(CONTENT_TYPE, file.content_type.unwrap_or_default()), cache], [(ETAG, tag)], file.bytes.clone()).into_response()
}

/// Adds the headers that CloudFront adds to every response.
pub(crate) async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in static_site::SECURITY_HEADERS {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests from pages of other origins to the routes that only the local stack has.
///
/// These routes need no cookie. Without this check, a page of another site, open in a browser on this machine, could
/// use them.
pub(crate) async fn refuse_foreign_pages(State(shared): State<StackParts>, request: Request, next: Next) -> Response {
    let foreign = request
        .headers()
        .get(ORIGIN)
        .is_some_and(|origin| !shared.origins.iter().any(|known| origin == known.as_str()));
    if foreign {
        return (StatusCode::FORBIDDEN, "This came from a page of another origin, so it was not done.").into_response();
    }
    next.run(request).await
}
