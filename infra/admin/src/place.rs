use std::fmt;

use anyhow::bail;
use aws_types::SdkConfig;
use domain::Retention;
use store::Store;

use crate::aws;
use crate::command_line::WhichPlace;
use crate::stack::Stack;

/// What the local stack calls its table.
pub(crate) const LOCAL_TABLE: &str = "switchboard";

/// The stack that a command works on.
pub(crate) struct Place {
    pub(crate) aws: SdkConfig,
    pub(crate) kind: Kind,
    table: String,
    retention: Retention,
}

pub(crate) enum Kind {
    /// On this machine, at an address.
    Local(String),
    /// On AWS, by name.
    Deployed(String),
}

impl Place {
    pub(crate) async fn find(which: &WhichPlace) -> anyhow::Result<Self> {
        if let Some(address) = &which.local {
            return Ok(Self::local(address));
        }
        let aws = aws::deployed(which.profile.as_deref(), which.aws_region.as_deref()).await?;
        let stack = Stack::describe(&aws, which.stack()).await?;
        let Some(table) = stack.output("Table") else {
            bail!(
                "The stack {} has no output `Table` (it is {}). Deploy Switchboard under that name first, or name another \
                 with --stack.",
                stack.name,
                stack.status
            );
        };
        Ok(Self::deployed(aws, table, &stack))
    }

    pub(crate) fn deployed(aws: SdkConfig, table: &str, stack: &Stack) -> Self {
        let days = stack.parameter("RetentionDays").and_then(|days| days.parse().ok());
        Self {
            table: table.to_owned(),
            aws,
            kind: Kind::Deployed(stack.name.clone()),
            retention: days.and_then(Retention::days).unwrap_or_default(),
        }
    }

    pub(crate) fn local(address: &str) -> Self {
        Self {
            aws: aws::local(address),
            kind: Kind::Local(address.to_owned()),
            table: LOCAL_TABLE.to_owned(),
            retention: Retention::default(),
        }
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(&self.aws), self.table.clone(), self.retention)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Local(address) => write!(f, "the local stack at {address}"),
            Kind::Deployed(stack) => write!(f, "the stack {stack}"),
        }
    }
}
