use std::collections::HashMap;

use anyhow::anyhow;
use aws_sdk_cloudformation::Client;
use aws_types::SdkConfig;

use crate::failure::{AwsCallError, FailureCause, failure};

/// A CloudFormation stack.
pub(crate) struct Stack {
    pub(crate) name: String,
    /// The stack status, such as `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// The account id, twelve digits.
    pub(crate) account: String,
    pub(crate) region: String,
    parameters: HashMap<String, String>,
    outputs: HashMap<String, String>,
}

/// A resource of a stack.
pub(crate) struct Resource {
    /// The logical id, which is the name in the template.
    pub(crate) logical: String,
    /// The physical id, which is the name in its service.
    pub(crate) physical: String,
    /// The resource type, such as `AWS::SQS::Queue`.
    pub(crate) kind: String,
}

impl Stack {
    pub(crate) async fn describe(aws: &SdkConfig, name: &str) -> anyhow::Result<Self> {
        let region = aws.region().map(ToString::to_string).unwrap_or_default();
        let described = Client::new(aws).describe_stacks().stack_name(name).send().await;
        let described =
            described.map_err(failure("cloudformation:DescribeStacks")).map_err(|error| match error.why {
                // The code that CloudFormation returns for an unknown stack name.
                FailureCause::Other(code) if code == "ValidationError" => no_such_stack(name, &region),
                _ => anyhow!(error),
            })?;
        let stack = described.stacks().first().ok_or_else(|| no_such_stack(name, &region))?;
        let outputs = stack
            .outputs()
            .iter()
            .filter_map(|output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned())));
        let parameters = stack.parameters().iter().filter_map(|parameter| {
            Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned()))
        });
        // The stack id is `arn:aws:cloudformation:<region>:<account>:stack/...`.
        let account = stack.stack_id().and_then(|arn| arn.split(':').nth(4)).unwrap_or("unknown");
        Ok(Self {
            name: name.to_owned(),
            status: stack.stack_status().map_or("in an unknown state", |status| status.as_str()).to_owned(),
            account: account.to_owned(),
            region,
            parameters: parameters.collect(),
            outputs: outputs.collect(),
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str)
    }

    /// Lists the resources of the stack. Leaves out those that were deleted.
    pub(crate) async fn resources(&self, aws: &SdkConfig) -> Result<Vec<Resource>, AwsCallError> {
        let mut pages = Client::new(aws).list_stack_resources().stack_name(&self.name).into_paginator().items().send();
        let mut resources = Vec::new();
        while let Some(resource) = pages.next().await {
            let resource = resource.map_err(failure("cloudformation:ListStackResources"))?;
            let gone = resource.resource_status().is_some_and(|status| status.as_str() == "DELETE_COMPLETE");
            let (Some(logical), Some(physical), Some(kind)) =
                (resource.logical_resource_id, resource.physical_resource_id, resource.resource_type)
            else {
                continue;
            };
            if !gone {
                resources.push(Resource { logical, physical, kind });
            }
        }
        Ok(resources)
    }
}

fn no_such_stack(name: &str, region: &str) -> anyhow::Error {
    anyhow!(
        "This AWS account has no stack {name} in {region}. Name another with --stack, --aws-region or --profile, or deploy \
         it."
    )
}
