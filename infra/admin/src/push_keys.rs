//! Manages the keys that sign push notifications, in the deployment's secret.

use anyhow::{anyhow, bail};
use aws_sdk_secretsmanager::Client;
use push::{InvalidKeys, VapidContact, VapidKeys};
use serde_json::json;

use crate::failure::failure;
use crate::operator::Operator;

/// Creates the first key. `contact` is the address at which push services can reach the sender.
pub(crate) async fn create(operator: &Operator, contact: Option<&str>) -> anyhow::Result<()> {
    let written = read(operator).await?;
    // The template creates the secret as `{}`.
    if written.trim() != "{}" {
        match VapidKeys::parse(&written) {
            Ok(_) => bail!(
                "Nothing was changed: {} already has push keys. `push-keys rotate` adds a new one and keeps the \
                 earlier ones.",
                operator.place
            ),
            Err(why) => return Err(unreadable(why)),
        }
    }
    let contact = contact.or(operator.place.portal.as_deref().filter(|portal| portal.starts_with("https://")));
    let Some(contact) = contact else {
        bail!("Nothing was changed: name a contact for push services, such as --contact mailto:it@example.com.")
    };
    let contact: VapidContact =
        contact.parse().map_err(|why| anyhow!("Nothing was changed: {why}. Correct --contact."))?;
    let made = VapidKeys::generate(&runtime::randomness(), &contact.to_string());
    let keys = VapidKeys::parse(&made)?;
    write(operator, &made).await?;
    operator.output.report(
        &format!(
            "Created the first push key of {}. Staff can turn notifications on within five minutes.",
            operator.place
        ),
        &json!({"created": {"key": keys.current()}}),
    )
}

/// Creates a new key. Keeps the earlier ones for browsers that do not know the new key yet.
pub(crate) async fn rotate(operator: &Operator) -> anyhow::Result<()> {
    let keys = VapidKeys::parse(&read(operator).await?).map_err(unreadable)?;
    let rotated = keys.rotated(&runtime::randomness());
    let now = VapidKeys::parse(&rotated)?;
    write(operator, &rotated).await?;
    operator.output.report(
        &format!(
            "Created a new push key for {}. A browser uses it when its owner next opens the portal; until then it is notified \
             with the earlier key.",
            operator.place
        ),
        &json!({"rotated": {"key": now.current(), "before": keys.current()}}),
    )
}

/// Changes the contact for push services. The keys stay.
pub(crate) async fn set_contact(operator: &Operator, contact: &str) -> anyhow::Result<()> {
    let contact: VapidContact = contact.parse().map_err(|why| anyhow!("Nothing was changed: {why}."))?;
    let keys = VapidKeys::parse(&read(operator).await?).map_err(unreadable)?;
    write(operator, &keys.with_contact(&contact)).await?;
    operator.output.report(
        &format!("Within five minutes, push services get {contact} as the contact of {}.", operator.place),
        &json!({"contact": contact.to_string()}),
    )
}

/// Returns the error for a secret that cannot be parsed. The error quotes nothing of the secret.
fn unreadable(why: InvalidKeys) -> anyhow::Error {
    anyhow!(
        "Nothing was changed: {why}. If the stack never had push keys, run `push-keys create`; if the secret was edited by \
         hand, restore its earlier version."
    )
}

fn secret(operator: &Operator) -> anyhow::Result<&str> {
    operator.place.push_secret.as_deref().ok_or_else(|| {
        anyhow!("{} has no secret for push keys. Deploy the template of this version first.", operator.place)
    })
}

async fn read(operator: &Operator) -> anyhow::Result<String> {
    let found = Client::new(&operator.place.aws).get_secret_value().secret_id(secret(operator)?).send().await;
    let found = found.map_err(failure("secretsmanager:GetSecretValue")).map_err(|error| operator.not_done(error))?;
    Ok(found.secret_string.unwrap_or_default())
}

async fn write(operator: &Operator, keys: &str) -> anyhow::Result<()> {
    let put = Client::new(&operator.place.aws).put_secret_value().secret_id(secret(operator)?).secret_string(keys);
    put.send().await.map_err(failure("secretsmanager:PutSecretValue")).map_err(|error| operator.not_done(error))?;
    Ok(())
}
