//! Secrets Manager's part in notifications: the keys that pushes are signed with.

use std::io::Write;

use anyhow::Context;
use domain::Randomness;
use push::Keys;

use crate::Data;

/// Whom a push service can reach about our pushes: nobody, as long as they come from here.
const SUBJECT: &str = "mailto:nobody@localhost.invalid";

/// The keys, made at the first start and kept with the data: browsers that subscribed stay so.
pub(crate) fn kept(data: &Data, randomness: &Randomness) -> anyhow::Result<String> {
    let Data::In(folder) = data else { return Ok(Keys::generate(randomness, SUBJECT)) };
    let file = folder.join("push-keys.json");
    if file.exists() {
        return std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let keys = Keys::generate(randomness, SUBJECT);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&file).and_then(|mut file| file.write_all(keys.as_bytes()));
    written.with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(keys)
}
