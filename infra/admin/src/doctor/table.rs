//! Checks that the table is active, deletes expired items, and is protected against loss.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    IndexStatus, PointInTimeRecoveryStatus, TableDescription, TableStatus, TimeToLiveStatus,
};
use aws_types::SdkConfig;

use crate::doctor::Finding;
use crate::doctor::deployed_stack::{DeployedStack, StackResource};
use crate::failure::{AwsCallError, failure};

const CHECK: &str = "table";

pub(crate) async fn check(live: &DeployedStack) -> Vec<Finding> {
    let table = match live.physical(CHECK, StackResource::Table) {
        Ok(table) => table,
        Err(absent) => return vec![absent],
    };
    let client = Client::new(&live.aws);
    let described = match describe(&client, table).await {
        Ok(described) => described,
        Err(failure) => return vec![Finding::failed(CHECK, &failure)],
    };
    let mut findings = vec![active(table, &described, &live.redeploy())];
    findings.push(match expiring(&client, table).await {
        Ok(true) => Finding::ok(CHECK, "expired items are deleted"),
        Ok(false) => Finding::wrong(
            CHECK,
            "expired items are not deleted: they are hidden, but kept",
            live.command(&format!(
                "dynamodb update-time-to-live --table-name {table} --time-to-live-specification \
                 Enabled=true,AttributeName={}",
                store::EXPIRES_AT
            )),
        ),
        Err(failure) => Finding::failed(CHECK, &failure),
    });
    findings.push(match recoverable(&client, table).await {
        Ok(true) => Finding::ok(CHECK, "it can be restored to any second of the last weeks"),
        Ok(false) => Finding::wrong(
            CHECK,
            "point-in-time recovery is off: lost items cannot be restored",
            live.command(&format!(
                "dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification \
                 PointInTimeRecoveryEnabled=true"
            )),
        ),
        Err(failure) => Finding::failed(CHECK, &failure),
    });
    findings.push(if described.deletion_protection_enabled == Some(true) {
        Finding::ok(CHECK, "it is protected from deletion")
    } else if live.stack.parameter("DeletionProtection") == Some("false") {
        Finding::ok(CHECK, "it is not protected from deletion, as DeletionProtection says")
    } else {
        Finding::wrong(
            CHECK,
            "it is not protected from deletion",
            live.command(&format!("dynamodb update-table --table-name {table} --deletion-protection-enabled")),
        )
    });
    findings.push(if described.stream_specification.is_some_and(|stream| stream.stream_enabled) {
        Finding::ok(CHECK, "its stream is on")
    } else {
        Finding::wrong(
            CHECK,
            "its stream is off",
            live.command(&format!(
                "dynamodb update-table --table-name {table} --stream-specification \
                 StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
            )),
        )
    });
    findings
}

/// Checks the local stack's table, which has no backups and no stream.
pub(crate) async fn check_local(aws: &SdkConfig, table: &str) -> Finding {
    let client = Client::new(aws);
    match (describe(&client, table).await, expiring(&client, table).await) {
        (Ok(described), Ok(true)) => active(table, &described, "start the local stack with a new --data directory"),
        (Ok(_), Ok(false)) => {
            Finding::wrong(CHECK, "expired items are not deleted", "start the local stack with a new --data directory")
        }
        (Err(failure), _) | (_, Err(failure)) => Finding::failed(CHECK, &failure),
    }
}

fn active(table: &str, described: &TableDescription, redeploy: &str) -> Finding {
    let index = described.global_secondary_indexes().iter().find(|index| index.index_name() == Some(store::RECENT));
    match (&described.table_status, index.map(|index| index.index_status.as_ref())) {
        (Some(TableStatus::Active | TableStatus::Updating), Some(None | Some(IndexStatus::Active))) => {
            Finding::ok(CHECK, format!("{table} is active, with its index"))
        }
        (_, None) => Finding::wrong(CHECK, format!("{table} lacks its index `{}`", store::RECENT), redeploy),
        (status, _) => Finding::wrong(
            CHECK,
            format!(
                "{table} is {}, or its index is not ready",
                status.as_ref().map_or("in an unknown state", TableStatus::as_str)
            ),
            "wait a moment, then run `doctor` again",
        ),
    }
}

async fn describe(client: &Client, table: &str) -> Result<TableDescription, AwsCallError> {
    let described = client.describe_table().table_name(table).send().await;
    let described = described.map_err(failure("dynamodb:DescribeTable"))?;
    Ok(described.table.unwrap_or_else(|| TableDescription::builder().build()))
}

async fn expiring(client: &Client, table: &str) -> Result<bool, AwsCallError> {
    let described = client.describe_time_to_live().table_name(table).send().await;
    let described = described.map_err(failure("dynamodb:DescribeTimeToLive"))?;
    Ok(described.time_to_live_description.is_some_and(|ttl| {
        let on = matches!(ttl.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
        on && ttl.attribute_name.as_deref() == Some(store::EXPIRES_AT)
    }))
}

async fn recoverable(client: &Client, table: &str) -> Result<bool, AwsCallError> {
    let described = client.describe_continuous_backups().table_name(table).send().await;
    let described = described.map_err(failure("dynamodb:DescribeContinuousBackups"))?;
    let recovery =
        described.continuous_backups_description.and_then(|backups| backups.point_in_time_recovery_description);
    Ok(recovery.and_then(|recovery| recovery.point_in_time_recovery_status) == Some(PointInTimeRecoveryStatus::Enabled))
}
