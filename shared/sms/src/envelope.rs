use serde::Deserialize;

/// The JSON that SNS wraps a message in, unless raw delivery is on.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Envelope {
    pub(crate) message: String,
    pub(crate) timestamp: Option<String>,
}
