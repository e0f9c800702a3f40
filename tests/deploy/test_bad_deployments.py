"""A wrong deployment is refused with a message that says what is wrong. The next deployment repairs it."""

import json

import pytest
from botocore.exceptions import ClientError
from samcli.yamlhelper import yaml_dump, yaml_parse

from adaptations import write_adapted_template
from deployment import BUILT_TEMPLATE, PARAMETERS, sam_deploy
from emulator import REGION

# Wrong parameters, each with what the message must contain.
WRONG_PARAMETERS = [
    ({"DomainName": "https://sms.example.com"}, ["DomainName", "host name"]),
    ({"DomainName": "sms.example.com"}, ["DomainName needs CertificateArn"]),
    ({"DomainName": "sms.example.com", "CertificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/1"},
     ["CertificateArn", "us-east-1"]),
    ({"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}, ["CertificateArn needs DomainName"]),
    ({"OidcIssuer": "login.example.com"}, ["OidcIssuer", "address"]),
    ({"OidcIssuer": "http://login.example.com", "OidcClientId": "portal"}, ["OidcIssuer", "https"]),
    ({"OidcClientId": "portal"}, ["OidcClientId needs OidcIssuer"]),
    ({"OidcIssuer": "https://login.example.com"}, ["OidcIssuer needs OidcClientId"]),
    ({"OidcClientSecret": "secret"}, ["OidcClientSecret needs OidcIssuer"]),
    ({"OidcClientSecret": 'with"in', "OidcIssuer": "https://login.example.com", "OidcClientId": "portal"},
     ["OidcClientSecret", "quotation marks"]),
    ({"IdleMinutes": "5"}, ["IdleMinutes", "10 to 720, or 0"]),
    ({"IdleMinutes": "1440"}, ["IdleMinutes", "10 to 720, or 0"]),
    ({"SmsOrigins": "arn:aws:sms-voice:eu-west-1:000000000000:pool/pool-1", "SmsProvider": "SNS"},
     ["SmsOrigins needs SmsProvider=EndUserMessaging"]),
    ({"SmsOrigins": "+12065550142"}, ["SmsOrigins", "ARNs of phone numbers and pools"]),
    ({"SmsOrigins": "arn:aws:sms-voice:us-east-1:000000000000:pool/*"}, ["SmsOrigins", "ARNs of phone numbers and pools"]),
    ({"MaxPricePerText": "0.123456"}, ["MaxPricePerText", "five places"]),
    ({"RetentionDays": "0"}, ["RetentionDays", "1"]),
    ({"RetentionDays": "monthly"}, ["RetentionDays", "umber"]),
    ({"AlarmEmail": "ops"}, ["AlarmEmail", "email address"]),
    ({"LogLevel": "loud"}, ["LogLevel", "warn"]),
    ({"ConnectInstanceArn": "calls"}, ["ConnectInstanceArn", "Amazon Connect instance"]),
    ({"PushDays": "0"}, ["PushDays", "1"]),
    ({"PushDays": "61"}, ["PushDays", "60"]),
    ({"PushServices": "https://push.example.com"}, ["PushServices", "host names"]),
    ({"PushServices": "known,10.0.0.1"}, ["PushServices", "host names"]),
    ({"PushServices": "com"}, ["PushServices", "host names"]),
    ({"PushServices": "push.example.com,"}, ["PushServices", "host names"]),
    ({"StaffLimits": "20"}, ["StaffLimits", "such as 20/500"]),
    ({"CompanyLimits": "0/5000"}, ["CompanyLimits", "such as 120/5000"]),
    ({"NumberLimits": "none"}, ["NumberLimits", "such as 10/60"]),
    ({"AllowedCountries": "CA, GB"}, ["AllowedCountries", "such as CA,GB"]),
    ({"AllowedCountries": "UK"}, ["AllowedCountries", "GB, not UK"]),
    ({"NewNumberCountry": "USA"}, ["NewNumberCountry", "two capital letters"]),
    ({"OriginSecretVersion": "latest"}, ["OriginSecretVersion", "origin-secret rotate"]),
    ({"WebAclArn": "arn:aws:wafv2:eu-west-1:000000000000:regional/webacl/a/0a1b"}, ["WebAclArn", "us-east-1"]),
    ({"RequestsPerAddress": "9"}, ["RequestsPerAddress", "from 10 to 999999999, or 0"]),
    ({"RequestsPerAddress": "2000", "WebAclArn": "arn:aws:wafv2:us-east-1:000000000000:global/webacl/a/0a1b"},
     ["one web ACL", "Leave out RequestsPerAddress"]),
]


@pytest.mark.parametrize("parameters, words", WRONG_PARAMETERS, ids=lambda it: ",".join(it) if isinstance(it, dict) else "")
def test_a_wrong_or_missing_parameter_is_named_before_anything_is_created(emulator, parameters, words):
    assert_refused(emulator, PARAMETERS | parameters, *words)


def test_a_region_without_the_services_is_refused_before_anything_is_created(emulator):
    assert_refused(emulator, PARAMETERS, "region", "End User Messaging", region="ap-east-1")


def test_a_rate_rule_is_refused_outside_us_east_1_with_the_command_that_creates_it(emulator):
    parameters = PARAMETERS | {"RequestsPerAddress": "2000"}
    assert_refused(emulator, parameters, "RequestsPerAddress", "wafv2 create-web-acl --region us-east-1", "WebAclArn", region="eu-west-1")


def assert_refused(emulator, parameters, *words, region=REGION):
    cloudformation = emulator.client("cloudformation", region)
    # As sam does: a template longer than 51,200 bytes cannot be sent inline.
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="wrong", Body=json.dumps(template_without_code()))
    with pytest.raises(ClientError) as refusal:
        # The first request of `sam deploy`, which prints its error.
        cloudformation.create_change_set(
            StackName="wrong",
            ChangeSetName="wrong",
            ChangeSetType="CREATE",
            TemplateURL=f"{emulator.url}/templates/wrong",
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    message = refusal.value.response["Error"]["Message"]
    assert all(word in message for word in words), message
    assert len(message) < 500, "the message should be short and name the fault only"
    assert set(stack_statuses(emulator, "wrong")) <= {"REVIEW_IN_PROGRESS"}


def template_without_code():
    template = yaml_parse(write_adapted_template(BUILT_TEMPLATE).read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return template


def test_sam_prints_what_is_wrong(emulator):
    succeeded, output = sam_deploy(emulator, "wrong", PARAMETERS | {"LogLevel": "loud"})
    assert not succeeded
    (message,) = [line for line in output.splitlines() if line.startswith("Error:")]
    assert "LogLevel" in message and "warn" in message


@pytest.fixture
def broken_template(tmp_path):
    """The template with one resource that cannot be created. Most other resources are created before it."""
    template = yaml_parse(BUILT_TEMPLATE.read_text())
    template["Resources"]["Broken"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"VisibilityTimeout": 99999999},
        "DependsOn": ["Table", "InboundSms", "Authorize", "InboundSubscription"],
    }
    # In the folder of the built template, because paths in it are relative.
    path = BUILT_TEMPLATE.with_name("broken.yaml")
    path.write_text(yaml_dump(template))
    yield path
    path.unlink()


def stack_statuses(emulator, stack):
    """Returns the status of every stack that had this name, newest first."""
    found = emulator.client("cloudformation").list_stacks()["StackSummaries"]
    return [it["StackStatus"] for it in found if it["StackName"] == stack]


def test_a_failed_first_deployment_does_not_block_the_next(emulator, broken_template):
    succeeded, output = sam_deploy(emulator, "halfway", PARAMETERS, broken_template)
    assert not succeeded
    assert "Broken" in output and "VisibilityTimeout" in "".join(output.split()), "the output should name the failed resource and its property"
    # CloudFormation cannot update a stack whose creation was rolled back. The emulator could.
    assert stack_statuses(emulator, "halfway") == ["DELETE_COMPLETE"]

    succeeded, output = sam_deploy(emulator, "halfway", PARAMETERS)
    assert succeeded, output
    assert "CREATE_COMPLETE" in stack_statuses(emulator, "halfway")


def test_a_failed_update_is_rolled_back_and_the_next_succeeds(emulator, deployment, broken_template):
    """Uses the stack of the journeys: the failed update must not affect it."""
    before = retention_setting(deployment)
    succeeded, output = sam_deploy(emulator, deployment.name, deployment.parameters | {"RetentionDays": "8"}, broken_template)
    assert not succeeded and "Broken" in output
    assert stack_statuses(emulator, deployment.name) == ["UPDATE_ROLLBACK_COMPLETE"]
    assert retention_setting(deployment) == before
    deployment.deploy(RetentionDays="8")
    assert (stack_statuses(emulator, deployment.name), retention_setting(deployment)) == (["UPDATE_COMPLETE"], "8")
    deployment.deploy()


def retention_setting(deployment):
    return deployment.function("ListNotifications")["Environment"]["Variables"]["SWITCHBOARD_RETENTION_DAYS"]
