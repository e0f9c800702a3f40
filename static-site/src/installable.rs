//! The web app manifest and the service worker. Their addresses never change, so browsers revalidate them as they do
//! pages.

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
        // Identifies the installed app, whatever its start address.
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

/// Returns the service worker with its constants filled in. Its version changes with its code and with each file that
/// it keeps for offline use.
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
