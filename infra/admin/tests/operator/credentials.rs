//! Tests the error messages when AWS cannot be reached. No test sends a request to AWS.

use crate::command::run;

/// The environment of a machine on which the AWS CLI was never used.
const NO_CREDENTIALS: [(&str, &str); 2] = [("HOME", "/nonexistent"), ("AWS_EC2_METADATA_DISABLED", "true")];

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_or_missing_credentials_are_reported_with_the_remedy() {
    for command in [&["doctor"][..], &["company", "list"]] {
        let said = run(command, &NO_CREDENTIALS).await.fails();
        assert!(said.contains("No AWS region is configured"), "{said}");
        let said = run(&[command, &["--aws-region", "eu-west-1"]].concat(), &NO_CREDENTIALS).await.fails();
        assert!(said.contains("No AWS credentials were found"), "{said}");
    }
    let said =
        run(&["company", "list", "--aws-region", "eu-west-1", "--profile", "prod"], &NO_CREDENTIALS).await.fails();
    assert!(said.starts_with("The AWS configuration has no profile prod") && said.contains("--profile prod"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_respond_is_reported_as_unreachable() {
    let keys =
        [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "not-to-be-printed"), ("AWS_REGION", "eu-west-1")];
    // Port 9 is the discard service, or closed: no HTTP response comes from it.
    let environment = [&NO_CREDENTIALS[..], &keys, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]].concat();
    let said = run(&["company", "list"], &environment).await.fails();
    assert!(said.contains("Cannot reach AWS for cloudformation:DescribeStacks"), "{said}");
    assert!(!said.contains("not-to-be-printed"), "{said}");
}
