//! Rotates the deployment's origin secret, which CloudFront sends to the functions.

use anyhow::{anyhow, bail};
use aws_sdk_secretsmanager::Client;
use origin_secret::OriginSecret;
use serde_json::json;

use crate::failure::failure;
use crate::operator::Operator;
use crate::target::{DeployedOriginSecret, TargetKind};

/// Creates a new value of the origin secret. The functions accept the earlier value for another hour. CloudFront sends
/// the new value after the next deployment, which must take place within that hour.
pub(crate) async fn rotate(operator: &Operator) -> anyhow::Result<()> {
    let origin = origin(operator)?;
    let secrets = Client::new(&operator.place.aws);
    let found = secrets.get_secret_value().secret_id(&origin.secret).send().await;
    let found = found.map_err(failure("secretsmanager:GetSecretValue")).map_err(|error| operator.not_done(error))?;
    let secret = OriginSecret::parse(found.secret_string().unwrap_or_default()).map_err(|why| {
        anyhow!("Nothing was changed: {why}. If it was edited by hand, restore the earlier version of the secret.")
    })?;
    let version = found.version_id().unwrap_or_default();
    if !is_deployed(&secret, version, &origin.deployed) {
        bail!(
            "Nothing was changed: CloudFront does not send the current value yet, and another rotation would invalidate the \
             value that it sends. Deploy first: {}",
            deploy(version)
        );
    }
    let now = runtime::wall_clock().now();
    let rotated = secret.rotated(&runtime::randomness(), now);
    let put = secrets.put_secret_value().secret_id(&origin.secret).secret_string(rotated.to_json()).send().await;
    let put = put.map_err(failure("secretsmanager:PutSecretValue")).map_err(|error| operator.not_done(error))?;
    let version = put.version_id().unwrap_or_default();
    let until = rotated.previous_counts_until().unwrap_or(now);
    operator.output.report(
        &format!(
            "Rotated the origin secret of {}. Deploy now, so that CloudFront sends the new value: {}\nThe earlier value is \
             valid until {until}. If CloudFront still sends it then, the API rejects all requests until you deploy.",
            operator.place,
            deploy(version)
        ),
        &json!({"rotated": {"version": version, "earlier_counts_until": until.to_string()}}),
    )
}

/// Returns whether CloudFront was deployed with the current value.
///
/// If the secret was never rotated, the stack's creation deployed the current value.
pub(crate) fn is_deployed(secret: &OriginSecret, version: &str, deployed: &str) -> bool {
    secret.previous_counts_until().is_none() || version == deployed
}

/// Returns the command that deploys the current value.
pub(crate) fn deploy(version: &str) -> String {
    format!("sam deploy --config-env prod --parameter-overrides OriginSecretVersion={version}")
}

fn origin(operator: &Operator) -> anyhow::Result<&DeployedOriginSecret> {
    let place = &operator.place;
    place.origin.as_ref().ok_or_else(|| match place.kind {
        TargetKind::Local(_) => anyhow!("{place} has no CloudFront distribution, and therefore no origin secret."),
        TargetKind::Deployed(_) => anyhow!("{place} has no origin secret. Deploy the template of this version first."),
    })
}
