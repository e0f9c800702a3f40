/// The content type of each file ending. The local stack responds with it and `infra/publish` uploads with it, so that
/// neither depends on a table of the machine.
const BY_ENDING: [(&str, &str); 7] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
];

pub(crate) fn content_type_of(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    BY_ENDING.iter().find(|(known, _)| *known == ending).map(|(_, content_type)| *content_type)
}
