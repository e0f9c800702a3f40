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
            let check = "check its DNS name and certificate, and that the deployment has ended";
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
            Finding::ok(CHECK, format!("{address} shows the Dashboard"))
        }
        Some(_) if page.status() == 200 => {
            Finding::wrong(CHECK, format!("{address} shows another version, or something else"), publish)
        }
        _ => Finding::wrong(
            CHECK,
            format!("{address} answers {}: nothing is published there", page.status().as_u16()),
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
        Finding::ok(CHECK, "its pages have their Content-Security-Policy and the other headers")
    } else {
        let says = format!("its pages lack, or have otherwise: {}", missing.join(", "));
        Finding::wrong(CHECK, says, "deploy the template of this version")
    }
}

/// Checks that `/api` without a session gets 401 from the API, and not from anything in front of it.
async fn leading_to_functions(address: &str) -> Finding {
    let session = format!("{address}/api/session");
    match get(&session).await {
        Ok(answer) if answer.status() == 401 => Finding::ok(CHECK, "/api leads to the functions, and asks who it is"),
        Ok(answer) => Finding::wrong(
            CHECK,
            format!("{session} answers {} to somebody who is not signed in; 401 is right", answer.status().as_u16()),
            "check that the distribution sends /api/* to the API",
        ),
        Err(why) => {
            Finding::wrong(CHECK, format!("{session} {why}"), "check that the distribution sends /api/* to the API")
        }
    }
}

/// Checks that a WebSocket handshake at `/live` without a session gets 401.
async fn leading_to_sockets(address: &str) -> Finding {
    let live = format!("{address}/live");
    let check =
        "check that the distribution sends /live to the WebSocket API; until then screens are refreshed every 5 s";
    match upgrade(&live).await {
        Ok(answer) if answer.status() == 401 => Finding::ok(CHECK, "/live leads to the WebSockets, and asks who it is"),
        Ok(answer) => Finding::wrong(
            CHECK,
            format!(
                "{live} answers {} to a WebSocket of somebody who is not signed in; 401 is right",
                answer.status().as_u16()
            ),
            check,
        ),
        Err(why) => Finding::wrong(CHECK, format!("{live} {why}"), check),
    }
}
