use std::fmt;

use anyhow::bail;
use aws_types::SdkConfig;
use domain::{Retention, Scheme};
use store::Store;

use crate::aws;
use crate::command_line::TargetOptions;
use crate::stack::Stack;

/// What the local stack calls its table.
pub(crate) const LOCAL_TABLE: &str = "switchboard";

/// What the local stack calls the secret with its push keys.
pub(crate) const LOCAL_PUSH_SECRET: &str = "switchboard/push";

/// The stack that a command works on.
pub(crate) struct Target {
    pub(crate) aws: SdkConfig,
    pub(crate) kind: TargetKind,
    /// The secret that its push keys are in; `None` if an earlier version made the stack.
    pub(crate) push_secret: Option<String>,
    /// What CloudFront shows the functions; `None` where there is no CloudFront, or an earlier version made the stack.
    pub(crate) origin: Option<OriginSecretNames>,
    /// The portal's address.
    pub(crate) portal: Option<String>,
    table: String,
    retention: Retention,
}

/// What CloudFront shows the functions.
pub(crate) struct OriginSecretNames {
    /// The secret that it is in.
    pub(crate) secret: String,
    /// The version of the secret that was deployed; empty for the one that the stack was made with.
    pub(crate) deployed: String,
}

impl OriginSecretNames {
    pub(crate) fn from_stack(stack: &Stack) -> Option<Self> {
        Some(Self {
            secret: stack.output("OriginSecret")?.to_owned(),
            deployed: stack.parameter("OriginSecretVersion").unwrap_or_default().to_owned(),
        })
    }
}

pub(crate) enum TargetKind {
    /// On this machine, at an address.
    Local(String),
    /// On AWS, by name.
    Deployed(String),
}

impl Target {
    pub(crate) async fn find(which: &TargetOptions) -> anyhow::Result<Self> {
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
            kind: TargetKind::Deployed(stack.name.clone()),
            origin: OriginSecretNames::from_stack(stack),
            push_secret: stack.output("PushSecret").map(str::to_owned),
            portal: stack.output("PortalAddress").map(str::to_owned),
            retention: days.and_then(Retention::days).unwrap_or_default(),
        }
    }

    pub(crate) fn local(address: &str) -> Self {
        Self {
            aws: aws::local(address),
            kind: TargetKind::Local(address.to_owned()),
            origin: None,
            push_secret: Some(LOCAL_PUSH_SECRET.to_owned()),
            portal: Some(address.to_owned()),
            table: LOCAL_TABLE.to_owned(),
            retention: Retention::default(),
        }
    }

    /// How its portal is reached.
    pub(crate) fn scheme(&self) -> Scheme {
        match &self.kind {
            TargetKind::Local(address) => Scheme::of_origin(address),
            TargetKind::Deployed(_) => Scheme::Https,
        }
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(&self.aws, self.table.clone(), self.retention, runtime::randomness())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TargetKind::Local(address) => write!(f, "the local stack at {address}"),
            TargetKind::Deployed(stack) => write!(f, "the stack {stack}"),
        }
    }
}
