"""The end of a deployment: the commands of infra/README.md, on a stack of its own."""

import pytest
from botocore.exceptions import ClientError

from deployment import Deployment
from readme import commands, run


@pytest.fixture(scope="module")
def stack(emulator):
    stack = Deployment(emulator, "deleted")
    # Published twice, so that some files have an earlier version.
    stack.publish()
    s3 = emulator.client("s3")
    s3.put_object(Bucket=stack.outputs["SiteBucket"], Key="index.html", Body=b"of an earlier version")
    stack.publish()
    return stack


def test_an_invited_user_can_sign_in_with_their_email_address(stack, tmp_path):
    _, invite, _ = commands("Add the first company")
    run(stack, invite, tmp_path)
    cognito, pool = stack.emulator.client("cognito-idp"), stack.outputs["UserPoolId"]
    invited = cognito.admin_get_user(UserPoolId=pool, Username="dana@example.com")
    attributes = {it["Name"]: it["Value"] for it in invited["UserAttributes"]}
    assert (attributes["email"], attributes["email_verified"]) == ("dana@example.com", "true")
    assert invited["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_the_stack_is_deleted_and_its_data_only_by_separate_commands(stack, tmp_path):
    whole, kept = commands("Delete everything")
    s3, dynamodb, cognito = (stack.emulator.client(it) for it in ("s3", "dynamodb", "cognito-idp"))
    bucket, table, pool = (stack.outputs[it] for it in ("SiteBucket", "Table", "UserPoolId"))
    *emptied, end = whole.strip().splitlines()
    assert s3.list_object_versions(Bucket=bucket)["Versions"]
    run(stack, "\n".join(emptied), tmp_path)
    # CloudFormation does not delete a bucket that contains anything. MiniStack does.
    found = s3.list_object_versions(Bucket=bucket)
    assert not found.get("Versions") and not found.get("DeleteMarkers")
    run(stack, end, tmp_path)
    states = {it["StackName"]: it["StackStatus"] for it in stack.cloudformation.list_stacks()["StackSummaries"]}
    assert states[stack.name] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=bucket)

    with pytest.raises(ClientError, match="protect"):
        dynamodb.delete_table(TableName=table)
    assert cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["DeletionProtection"] == "ACTIVE"
    # MiniStack has no phone numbers.
    *kept, unprotected, number = kept.strip().splitlines()
    assert unprotected.endswith("--no-deletion-protection-enabled") and "update-phone-number" in unprotected
    assert number.startswith("aws pinpoint-sms-voice-v2 release-phone-number")
    run(stack, "\n".join(kept), tmp_path)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_table(TableName=table)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=pool)
