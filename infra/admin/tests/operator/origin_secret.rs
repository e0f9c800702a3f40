//! Tests that the local stack refuses to rotate the origin secret. `tests/deploy` tests the rotation with CloudFront.

use tests::TestStack;

use crate::command::on;

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_without_cloudfront_has_no_origin_secret_to_rotate() {
    let stack = TestStack::open().await;
    let said = on(&stack, &["origin-secret", "rotate"]).await.fails();
    assert!(said.contains("has no CloudFront distribution"), "{said}");
    assert!(!on(&stack, &["doctor"]).await.succeeds().contains("cloudfront"));
}
