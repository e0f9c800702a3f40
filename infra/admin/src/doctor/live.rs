use aws_types::SdkConfig;

use crate::doctor::Finding;
use crate::stack::{Resource, Stack};

/// A deployed stack, with what it is made of.
pub(crate) struct Live {
    pub(crate) aws: SdkConfig,
    pub(crate) stack: Stack,
    pub(crate) resources: Vec<Resource>,
}

impl Live {
    /// How a resource's service calls what the template calls by this name.
    pub(crate) fn physical(&self, check: &'static str, logical: &str) -> Result<&str, Finding> {
        let resource = self.resources.iter().find(|resource| resource.logical == logical);
        resource.map(|resource| resource.physical.as_str()).ok_or_else(|| Finding::absent(check, logical))
    }

    /// A command of the AWS CLI for whoever has to do it.
    pub(crate) fn command(&self, command: &str) -> String {
        format!("aws {command} --region {}", self.stack.region)
    }
}
