//! What a browser takes the portal to be when it is no page: an app that can be installed, and a
//! service worker. Their addresses never change, so they are asked for anew as pages are.

use serde_json::json;

use crate::File;
use crate::assets::{address, hash};
use crate::pages::OFFLINE;

const WORKER: &str = include_str!("../assets/sw/sw.js");

pub(crate) fn files(offline: &File) -> [File; 2] {
    [("manifest.webmanifest", manifest()), ("sw.js", worker(offline))]
        .map(|(path, text)| File::new(path.to_owned(), text.into_bytes(), false))
}

fn manifest() -> String {
    let png = |name: &str, size: &str, purpose: &str| json!({"src": address(name), "sizes": size, "type": "image/png", "purpose": purpose});
    json!({
        // What the installed app is known by, whatever address it begins at.
        "id": "/",
        "name": "Switchboard",
        "short_name": "Switchboard",
        "description": "Two-way SMS with your customers.",
        "lang": "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f6f9",
        "theme_color": "#ffffff",
        "icons": [
            png("icon-192.png", "192x192", "any"),
            png("icon-512.png", "512x512", "any"),
            png("maskable-512.png", "512x512", "maskable"),
        ],
    })
    .to_string()
}

/// With what it keeps for when there is no connection. It is another one as soon as any of that is.
fn worker(offline: &File) -> String {
    let offline_page = format!("/{OFFLINE}");
    let kept = [&offline_page, &address("portal.css"), &address("offline.js"), &address("icon.svg")];
    let version = hash(format!("{WORKER}{kept:?}{}", offline.hash).as_bytes());
    let constants = [
        ("VERSION", json!(version)),
        ("OFFLINE", json!(offline_page)),
        ("KEPT", json!(kept)),
        ("ICON", json!(address("icon-192.png"))),
        ("BADGE", json!(address("badge-96.png"))),
    ];
    let head = constants.map(|(name, value)| format!("const {name} = {value};\n")).concat();
    format!("\"use strict\";\n{head}\n{WORKER}")
}
