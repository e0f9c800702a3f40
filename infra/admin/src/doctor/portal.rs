//! Checks that the portal is published, has its security headers, and forwards to the functions.

use http::Response;

use crate::doctor::Finding;
use crate::doctor::http::{get, upgrade};

const CHECK: &str = "portal";

/// Checks the portal at `address`, an origin. `publish` is the command that publishes the site.
pub(crate) async fn check(address: Option<&str>, publish: &str) -> Vec<Finding> {
    let Some(address) = address else {
        return vec![Finding::wrong(
            CHECK,
            "the stack has no output `PortalAddress`",
            "deploy the template of this version",
        )];
    };
    let page = match get(&format!("{address}/")).await {
        Ok(page) => page,
        Err(why) => {
            let check = "check its DNS name and certificate, and that the deployment is complete";
            return vec![Finding::wrong(CHECK, format!("{address} {why}"), check)];
        }
    };
    vec![
        published(address, &page, publish),
        protected(&page),
        leading_to_functions(address).await,
        leading_to_sockets(address).await,
    ]
}

fn published(address: &str, page: &Response<Vec<u8>>, publish: &str) -> Finding {
    let index = static_site::files().into_iter().find(|file| file.path == "index.html");
    match index {
        Some(index) if page.status() == 200 && page.body().as_slice() == index.bytes.as_ref() => {
            Finding::ok(CHECK, format!("{address} serves the Dashboard"))
        }
        Some(_) if page.status() == 200 => {
            Finding::wrong(CHECK, format!("{address} serves another version, or another site"), publish)
        }
        _ => Finding::wrong(
            CHECK,
            format!("{address} responds with {}: the portal is not published", page.status().as_u16()),
            publish,
        ),
    }
}

/// Checks that pages have the security headers of this version.
fn protected(page: &Response<Vec<u8>>) -> Finding {
    let missing: Vec<_> = static_site::SECURITY_HEADERS
        .iter()
        .filter(|(name, value)| page.headers().get(*name).is_none_or(|sent| sent.as_bytes() != value.as_bytes()))
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        Finding::ok(CHECK, "its pages have the Content-Security-Policy and the other security headers")
    } else {
        let says = format!("its pages have missing or different headers: {}", missing.join(", "));
        Finding::wrong(CHECK, says, "deploy the template of this version")
    }
}

/// Checks that `/api` without a session gets 401 from the API, and not from a server before it.
async fn leading_to_functions(address: &str) -> Finding {
    let session = format!("{address}/api/session");
    match get(&session).await {
        Ok(answer) if answer.status() == 401 => {
            Finding::ok(CHECK, "/api reaches the functions, which require a session")
        }
        Ok(answer) => Finding::wrong(
            CHECK,
            format!(
                "{session} responds with {} to a request without a session; expected 401",
                answer.status().as_u16()
            ),
            "check that the distribution routes /api/* to the API",
        ),
        Err(why) => {
            Finding::wrong(CHECK, format!("{session} {why}"), "check that the distribution routes /api/* to the API")
        }
    }
}

/// Checks that a WebSocket handshake at `/live` without a session gets 401.
async fn leading_to_sockets(address: &str) -> Finding {
    let live = format!("{address}/live");
    let check =
        "check that the distribution routes /live to the WebSocket API; until then pages refresh every 5 seconds";
    match upgrade(&live).await {
        Ok(answer) if answer.status() == 401 => {
            Finding::ok(CHECK, "/live reaches the WebSockets, which require a session")
        }
        Ok(answer) => Finding::wrong(
            CHECK,
            format!("{live} responds with {} to a WebSocket without a session; expected 401", answer.status().as_u16()),
            check,
        ),
        Err(why) => Finding::wrong(CHECK, format!("{live} {why}"), check),
    }
}
