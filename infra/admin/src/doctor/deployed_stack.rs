use aws_types::SdkConfig;

use crate::doctor::Finding;
use crate::stack::{Resource, Stack};

/// A deployed stack, with what it is made of.
pub(crate) struct DeployedStack {
    pub(crate) aws: SdkConfig,
    pub(crate) stack: Stack,
    pub(crate) resources: Vec<Resource>,
}

/// What is looked at by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StackPart {
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

impl StackPart {
    /// As the template calls it.
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
    /// How a part's service calls it.
    pub(crate) fn physical(&self, check: &'static str, part: StackPart) -> Result<&str, Finding> {
        let resource = self.resources.iter().find(|resource| resource.logical == part.logical());
        resource
            .map(|resource| resource.physical.as_str())
            .ok_or_else(|| Finding::wrong(check, format!("{} is not in this stack", part.logical()), self.redeploy()))
    }

    /// What the stack made of a kind: `AWS::SQS::Queue` and the like.
    pub(crate) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// What the template calls something that its service has this name for.
    pub(crate) fn logical(&self, kind: &'static str, name: &str) -> Option<&str> {
        // A queue's is an address that ends with it.
        let named = |physical: &str| physical.rsplit('/').next() == Some(name);
        self.of_kind(kind).find(|resource| named(&resource.physical)).map(|resource| resource.logical.as_str())
    }

    /// Where it is said why a function failed.
    pub(crate) fn cause(&self, function: &str) -> String {
        let group = self.stack.output("LogGroup").unwrap_or("of the stack");
        format!("find the cause in what {function} wrote to the log group {group}")
    }

    /// A command of the AWS CLI for whoever has to do it.
    pub(crate) fn command(&self, command: &str) -> String {
        aws_command(command, &self.stack.region)
    }

    /// What only a deployment brings in order. One that changes nothing does not undo what was changed
    /// by hand, so there is a command that finds that.
    pub(crate) fn redeploy(&self) -> String {
        let drift = self.command(&format!("cloudformation detect-stack-drift --stack-name {}", self.stack.name));
        format!("deploy the template of this version; if it is deployed, something was changed by hand: {drift}")
    }
}

pub(crate) fn aws_command(command: &str, region: &str) -> String {
    format!("aws {command} --region {region}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_called_so_in_the_template() {
        let template = include_str!("../../../template.yaml");
        for part in [
            StackPart::Table,
            StackPart::InboundTopic,
            StackPart::InboundQueue,
            StackPart::InboundDeadLetters,
            StackPart::Receipts,
            StackPart::SignInSecret,
            StackPart::AlarmTopic,
            StackPart::Key,
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
