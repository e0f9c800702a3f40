use aws_types::SdkConfig;

use crate::doctor::Finding;
use crate::stack::{Resource, Stack};

/// A deployed stack with its resources.
pub(crate) struct DeployedStack {
    pub(crate) aws: SdkConfig,
    pub(crate) stack: Stack,
    pub(crate) resources: Vec<Resource>,
}

/// A resource that checks look up by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StackResource {
    Table,
    InboundTopic,
    InboundQueue,
    InboundDeadLetters,
    Receipts,
    ReceiptTopic,
    ReceiptQueue,
    ReceiptDeadLetters,
    SignInSecret,
    PushSecret,
    AlarmTopic,
    Key,
}

impl StackResource {
    /// Returns the logical id, which is the name in the template.
    pub(crate) fn logical(self) -> &'static str {
        match self {
            Self::Table => "Table",
            Self::InboundTopic => "InboundTopic",
            Self::InboundQueue => "InboundQueue",
            Self::InboundDeadLetters => "InboundDeadLetters",
            Self::Receipts => "Receipts",
            Self::ReceiptTopic => "ReceiptTopic",
            Self::ReceiptQueue => "ReceiptQueue",
            Self::ReceiptDeadLetters => "ReceiptDeadLetters",
            Self::SignInSecret => "SignInSecret",
            Self::PushSecret => "PushSecret",
            Self::AlarmTopic => "AlarmTopic",
            Self::Key => "Key",
        }
    }
}

impl DeployedStack {
    /// Returns the physical id of a resource, or a finding that the stack does not have the resource.
    pub(crate) fn physical(&self, check: &'static str, part: StackResource) -> Result<&str, Finding> {
        let resource = self.resources.iter().find(|resource| resource.logical == part.logical());
        resource
            .map(|resource| resource.physical.as_str())
            .ok_or_else(|| Finding::wrong(check, format!("{} is not in this stack", part.logical()), self.redeploy()))
    }

    /// Returns the stack's resources of a type, such as `AWS::SQS::Queue`.
    pub(crate) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// Returns the logical id of the resource of this type that has this name in its service.
    pub(crate) fn logical(&self, kind: &'static str, name: &str) -> Option<&str> {
        // The physical id of a queue is a URL that ends with its name.
        let named = |physical: &str| physical.rsplit('/').next() == Some(name);
        self.of_kind(kind).find(|resource| named(&resource.physical)).map(|resource| resource.logical.as_str())
    }

    /// Returns the advice to look for the cause of a function's failure in its log group.
    pub(crate) fn cause(&self, function: &str) -> String {
        let group = self.stack.output("LogGroup").unwrap_or("of the stack");
        format!("find the cause in the log of {function} in the log group {group}")
    }

    /// Returns a command of the AWS CLI with the stack's region, for the operator to run.
    pub(crate) fn command(&self, command: &str) -> String {
        aws_command(command, &self.stack.region)
    }

    /// Returns the advice for a problem that only a deployment fixes.
    ///
    /// A deployment without changes does not undo changes made by hand, so the advice includes a command that detects
    /// drift.
    pub(crate) fn redeploy(&self) -> String {
        let drift = self.command(&format!("cloudformation detect-stack-drift --stack-name {}", self.stack.name));
        format!("deploy the template of this version; if it is deployed, a resource was changed by hand: run {drift}")
    }
}

pub(crate) fn aws_command(command: &str, region: &str) -> String {
    format!("aws {command} --region {region}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_outputs_and_parameters_exist_in_the_template() {
        let template = include_str!("../../../template.yaml");
        for part in [
            StackResource::Table,
            StackResource::InboundTopic,
            StackResource::InboundQueue,
            StackResource::InboundDeadLetters,
            StackResource::Receipts,
            StackResource::SignInSecret,
            StackResource::AlarmTopic,
            StackResource::Key,
        ] {
            assert!(template.contains(&format!("\n  {}:\n    Type: AWS::", part.logical())), "{part:?}");
        }
        for output in ["Table", "PortalAddress", "LogGroup"] {
            let outputs = template.split("\nOutputs:\n").nth(1).unwrap();
            assert!(format!("\n{outputs}").contains(&format!("\n  {output}:\n")), "{output}");
        }
        for parameter in ["DeletionProtection", "RetentionDays", "SmsProvider", "SmsSpendAlarm"] {
            assert!(template.contains(&format!("\n  {parameter}:\n    Type: ")), "{parameter}");
        }
    }
}
