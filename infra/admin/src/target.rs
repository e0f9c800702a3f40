use std::fmt;

use anyhow::bail;
use aws_types::SdkConfig;
use domain::{Retention, Scheme};
use store::Store;

use crate::aws;
use crate::command_line::TargetOptions;
use crate::stack::Stack;

/// The name of the table in the local stack.
pub(crate) const LOCAL_TABLE: &str = "switchboard";

/// The name of the secret with the push keys in the local stack.
pub(crate) const LOCAL_PUSH_SECRET: &str = "switchboard/push";

/// The stack that a command works on.
pub(crate) struct Target {
    pub(crate) aws: SdkConfig,
    pub(crate) kind: TargetKind,
    /// The secret with the push keys. `None` if an earlier version created the stack.
    pub(crate) push_secret: Option<String>,
    /// The origin secret. `None` if there is no CloudFront, or an earlier version created the stack.
    pub(crate) origin: Option<DeployedOriginSecret>,
    /// The portal's address.
    pub(crate) portal: Option<String>,
    table: String,
    retention: Retention,
}

/// The names of the origin secret, which CloudFront sends to the functions.
pub(crate) struct DeployedOriginSecret {
    /// The name of the secret.
    pub(crate) secret: String,
    /// The version of the secret that was deployed. Empty for the version that the stack was created with.
    pub(crate) deployed: String,
}

impl DeployedOriginSecret {
    pub(crate) fn from_stack(stack: &Stack) -> Option<Self> {
        Some(Self {
            secret: stack.output("OriginSecret")?.to_owned(),
            deployed: stack.parameter("OriginSecretVersion").unwrap_or_default().to_owned(),
        })
    }
}

pub(crate) enum TargetKind {
    /// The local stack, by its address.
    Local(String),
    /// A stack on AWS, by its name.
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
                "The stack {} has no output `Table` (it is {}). Deploy Switchboard under that name, or name another with \
                 --stack.",
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
            origin: DeployedOriginSecret::from_stack(stack),
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

    /// Returns the URL scheme of the portal.
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
