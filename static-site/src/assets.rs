use std::borrow::Cow;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::File;

/// The style sheets, joined in this order. The first declares the layers.
const CSS: &[&str] = &[
    include_str!("../assets/css/layers.css"),
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/frame.css"),
    include_str!("../assets/css/controls.css"),
    include_str!("../assets/css/rows.css"),
    include_str!("../assets/css/thread.css"),
    include_str!("../assets/css/appointments.css"),
    include_str!("../assets/css/sign-in.css"),
    include_str!("../assets/css/push.css"),
];

/// Style sheets and scripts of single pages, which the other pages need not load.
const HELP: &str = include_str!("../assets/css/help.css");
const HISTORY: &str = include_str!("../assets/css/history.css");
const HISTORY_JS: &str = include_str!("../assets/js/history.js");
const SETTINGS: &str = include_str!("../assets/js/notification-settings.js");
const SESSIONS: &str = include_str!("../assets/js/sessions.js");

/// The scripts, each in its own scope.
///
/// The scripts follow htmx in one file. htmx starts as soon as its file has run, which could be before a second file
/// has loaded.
const JS: &[&str] = &[
    include_str!("../assets/js/owner.js"),
    include_str!("../assets/js/merge.js"),
    include_str!("../assets/js/refresh.js"),
    include_str!("../assets/js/problems.js"),
    include_str!("../assets/js/time.js"),
    include_str!("../assets/js/thread.js"),
    include_str!("../assets/js/segments.js"),
    include_str!("../assets/js/draft.js"),
    include_str!("../assets/js/composer.js"),
    include_str!("../assets/js/appointments.js"),
    include_str!("../assets/js/leave.js"),
    include_str!("../assets/js/bell.js"),
    include_str!("../assets/js/live.js"),
    include_str!("../assets/js/sign-in.js"),
    include_str!("../assets/js/version.js"),
];

const HTMX: &str = include_str!("../assets/vendor/htmx-4.0.1.min.js");
const OFFLINE: &str = include_str!("../assets/js/offline.js");
const ICON: &str = include_str!("../assets/icons/icon.svg");

/// Icons for browsers and systems that do not support SVG. `tests/browser/icons.mjs` renders them from `icon.svg`,
/// `maskable.svg` and `badge.svg`.
const PNG: &[(&str, &[u8])] = &[
    ("icon-192", include_bytes!("../assets/icons/icon-192.png")),
    ("icon-512", include_bytes!("../assets/icons/icon-512.png")),
    ("maskable-512", include_bytes!("../assets/icons/maskable-512.png")),
    ("apple-touch-icon-180", include_bytes!("../assets/icons/apple-touch-icon-180.png")),
    ("badge-96", include_bytes!("../assets/icons/badge-96.png")),
];

/// The pictures of the help pages. The pictures of browsers are SVG drawings. `tests/browser/help-pictures.mjs` makes
/// the pictures of the portal.
const DRAWN: &[(&str, &str)] = &[
    ("corner", include_str!("../assets/help/corner.svg")),
    ("question", include_str!("../assets/help/question.svg")),
    ("by-the-address", include_str!("../assets/help/by-the-address.svg")),
    ("firefox", include_str!("../assets/help/firefox.svg")),
    ("safari", include_str!("../assets/help/safari.svg")),
    ("home-screen", include_str!("../assets/help/home-screen.svg")),
];

const GENERATED: &[(&str, &[u8])] = &[
    ("bell-off", include_bytes!("../assets/help/bell-off.webp")),
    ("bell-on", include_bytes!("../assets/help/bell-on.webp")),
    ("bell-denied", include_bytes!("../assets/help/bell-denied.webp")),
    ("the-row", include_bytes!("../assets/help/the-row.webp")),
    ("the-reply", include_bytes!("../assets/help/the-reply.webp")),
];

/// All assets, joined, minified and hashed once, since every page needs the addresses of several assets.
///
/// Comments and indentation are a sixth of the size. A file that the minifier cannot parse is left as it is.
pub(crate) static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let style = |css: &str| minifier::css::minify(css).map_or(css.to_owned(), |css| css.to_string()).into_bytes();
    let script = |js: &str| minifier::js::minify(js).map_or(js.to_owned(), |js| js.to_string());
    let js = script(&JS.iter().fold(String::new(), |joined, script| joined + "{\n" + script + "}\n"));
    let js = format!("\"use strict\";\n{{\n{HTMX}}}\n{js}");
    let mut files = vec![
        asset("portal", "css", style(&CSS.concat())),
        asset("help", "css", style(HELP)),
        asset("history", "css", style(HISTORY)),
        asset("portal", "js", js.into_bytes()),
        asset("history", "js", script(&format!("{{\n{HISTORY_JS}}}\n")).into_bytes()),
        asset("notification-settings", "js", script(SETTINGS).into_bytes()),
        asset("sessions", "js", script(SESSIONS).into_bytes()),
        asset("htmx", "js", HTMX.as_bytes()),
        asset("offline", "js", OFFLINE.as_bytes()),
        asset("icon", "svg", ICON.as_bytes()),
    ];
    files.extend(PNG.iter().map(|(name, bytes)| asset(name, "png", *bytes)));
    files.extend(GENERATED.iter().map(|(name, bytes)| asset(name, "webp", *bytes)));
    files.extend(DRAWN.iter().map(|(name, svg)| asset(name, "svg", svg.as_bytes())));
    files
});

fn asset(name: &str, ending: &str, bytes: impl Into<Cow<'static, [u8]>>) -> File {
    let bytes = bytes.into();
    File::new(format!("assets/{name}.{}.{ending}", hash(&bytes)), bytes, true)
}

/// Returns the address of an asset by its plain name, such as `portal.js`.
///
/// Returns an empty string for an unknown name. The site's own test then fails.
#[must_use]
pub fn address(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    FILES
        .iter()
        .map(|file| format!("/{}", file.path))
        .find(|path| path.starts_with(&format!("/assets/{stem}.")) && path.ends_with(&format!(".{ending}")))
        .unwrap_or_default()
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}
