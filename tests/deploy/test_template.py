"""Asserts what the emulator ignores, on the translated template, which is what AWS gets."""

import json
import re

import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from adaptations import resolve
from authorisation import ACCOUNT
from deployment import ORIGIN_SECRET
from emulator import ROOT
from readme import section, table_names
from template import (
    OPEN_ROUTES, as_list, choose_branches, condition_holds, granted_statements, policies, refused_regions, resources,
    routes, statements, supported_regions, translated,
)

TABLE = resources("AWS::DynamoDB::Table")["Table"]
FUNCTIONS = resources("AWS::Lambda::Function")
QUEUES = resources("AWS::SQS::Queue")
MAPPINGS = resources("AWS::Lambda::EventSourceMapping")
OPENAPI = resources("AWS::ApiGatewayV2::Api")["Api"]["Properties"]["Body"]

# Deletion protection depends on a parameter: it is off for stacks that are only tried out.
PROTECTED = {"Fn::If": ["IsProtected", True, False]}

DAY = 24 * 60 * 60
FORTNIGHT = 14 * DAY


def test_every_route_has_the_authorizer_unless_it_is_listed_as_open():
    asking = {name for name, operation in routes().items() if operation.get("security") == [{"Session": []}]}
    assert set(routes()) - asking == set(OPEN_ROUTES)
    assert "Session" in OPENAPI["components"]["securitySchemes"]


def test_requests_are_throttled_without_naming_a_route():
    """A stage keeps the settings of a route that was renamed, and the next deployment fails because of them."""
    stage = resources("AWS::ApiGatewayV2::Stage")["ApiApiGatewayDefaultStage"]["Properties"]
    assert "RouteSettings" not in stage
    assert 0 < stage["DefaultRouteSettings"]["ThrottlingRateLimit"] < stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]


def test_the_authorizers_answer_is_cached_by_cookie_and_origin_secret_for_a_minute_at_most():
    authorizer = OPENAPI["components"]["securitySchemes"]["Session"]["x-amazon-apigateway-authorizer"]
    # The cache key of the authorizer's answers. No cached answer admits a request without the origin secret.
    assert as_list(authorizer["identitySource"]) == ["$request.header.Cookie", f"$request.header.{ORIGIN_SECRET}"]
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["authorizerResultTtlInSeconds"] <= 60


def test_cloudfront_sends_the_origin_secret_to_both_apis():
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    shown = {origin["Id"]: origin.get("OriginCustomHeaders") for origin in config["Origins"]}
    # The reference contains the version, a parameter: CloudFormation reads the secret again only if the reference
    # changes.
    value = {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:current::${OriginSecretVersion}}}"}
    header = [{"HeaderName": ORIGIN_SECRET, "HeaderValue": value}]
    assert shown == {"site": None, "api": header, "live": header}
    drawn = resources("AWS::SecretsManager::Secret")["OriginSecret"]["Properties"]["GenerateSecretString"]
    # 64 characters out of 62 letters and digits: 380 bits.
    assert (drawn["GenerateStringKey"], drawn["PasswordLength"], drawn["ExcludePunctuation"]) == ("current", 64, True)
    assert json.loads(drawn["SecretStringTemplate"]) == {}


def test_the_authorizer_and_the_functions_of_open_routes_check_the_origin_secret():
    unasked = {function_in_uri(routes()[route]["x-amazon-apigateway-integration"]["uri"]) for route in OPEN_ROUTES}
    demanding = {
        name for name, function in FUNCTIONS.items()
        if function["Properties"]["Environment"]["Variables"].get("SWITCHBOARD_ORIGIN_SECRET") == {"Ref": "OriginSecret"}
    }
    assert demanding == unasked | {"Authorize"}


def test_the_version_of_the_origin_secret_has_the_format_of_secrets_manager():
    pattern = re.compile(translated()["Parameters"]["OriginSecretVersion"]["AllowedPattern"])
    assert translated()["Parameters"]["OriginSecretVersion"]["Default"] == ""
    for good in ("", "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"):
        assert pattern.search(good), good
    for wrong in ("latest", "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111}}", "::" + "0" * 32):
        assert not pattern.search(wrong), wrong


ACL = "arn:aws:wafv2:us-east-1:000000000000:global/webacl/switchboard/0a1b2c3d-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "settings, acl",
    [({}, {"Ref": "AWS::NoValue"}), ({"WebAclArn": ACL}, {"Ref": "WebAclArn"}),
     ({"RequestsPerAddress": "2000"}, {"Fn::GetAtt": ["RateRule", "Arn"]})],
)
def test_the_portal_has_the_web_acl_that_the_parameters_choose(settings, acl):
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    attached = config["WebACLId"]
    while "Fn::If" in attached:
        (attached,) = choose_branches([attached], settings)
    assert attached == acl
    assert condition_holds("HasRateRule", settings) == ("RequestsPerAddress" in settings)


def test_your_own_web_acl_must_be_one_for_cloudfront():
    pattern = re.compile(translated()["Parameters"]["WebAclArn"]["AllowedPattern"])
    for good in ("", ACL):
        assert pattern.search(good), good
    for wrong in (ACL.replace("us-east-1", "eu-west-1"), ACL.replace("global", "regional"), ACL.rsplit("/", 1)[0], "0a1b2c3d"):
        assert not pattern.search(wrong), wrong


def test_an_address_above_the_limit_gets_429_and_others_do_not():
    rule = translated()["Resources"]["RateRule"]
    assert rule["Condition"] == "HasRateRule"
    acl = rule["Properties"]
    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    (blocking,) = acl["Rules"]
    counted = blocking["Statement"]["RateBasedStatement"]
    assert counted == {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": {"Ref": "RequestsPerAddress"}}
    # For a 403, the distribution returns the site's "not found" page instead.
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    status = blocking["Action"]["Block"]["CustomResponse"]["ResponseCode"]
    assert status == 429 and status not in {it["ErrorCode"] for it in config["CustomErrorResponses"]}
    pattern = re.compile(translated()["Parameters"]["RequestsPerAddress"]["AllowedPattern"])
    assert translated()["Parameters"]["RequestsPerAddress"]["Default"] == "0"
    assert all(pattern.search(good) for good in ("0", "10", "2000", "999999999"))
    assert not any(pattern.search(wrong) for wrong in ("", "9", "-1", "010", "many", "1000000000"))


def test_a_rate_rule_is_refused_outside_us_east_1_and_beside_another_web_acl():
    rule = translated()["Rules"]["RateRuleWhereItCanBe"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "RequestsPerAddress"}, "0"]}]}
    region, alone = rule["Assertions"]
    assert region["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    assert "wafv2 create-web-acl --region us-east-1 --scope CLOUDFRONT" in " ".join(region["AssertDescription"].split())
    assert alone["Assert"] == {"Fn::Equals": [{"Ref": "WebAclArn"}, ""]}


def test_every_function_behind_http_may_be_invoked_by_this_api_only():
    permissions = [it["Properties"] for it in resources("AWS::Lambda::Permission").values()]
    gateway = [it for it in permissions if it["Principal"] == "apigateway.amazonaws.com"]
    allowed = {it["FunctionName"]["Ref"] for it in gateway if "Ref" in it["FunctionName"]}
    allowed |= {it["FunctionName"]["Fn::GetAtt"][0] for it in gateway if "Fn::GetAtt" in it["FunctionName"]}
    answering = {function_in_uri(operation["x-amazon-apigateway-integration"]["uri"]) for operation in routes().values()}
    assert allowed == answering | {"Authorize", "LiveConnection"}
    for permission in permissions:
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission.get("SourceArn"), f"resources of any account may invoke {permission['FunctionName']}"


def function_in_uri(uri):
    return uri["Fn::Sub"].split("functions/${")[1].split(".Arn}")[0]


def test_only_the_live_functions_may_use_connections_and_of_that_stage_only():
    granted = {}
    for name, role in resources("AWS::IAM::Role").items():
        for policy in policies(role):
            for statement in statements(policy["PolicyDocument"]):
                if "execute-api" in str(statement["Action"]):
                    assert statement["Action"] == "execute-api:ManageConnections"
                    arns = [it["Fn::Sub"] for it in as_list(statement["Resource"])]
                    granted[name] = {arn.split(":${LiveApi}/live/")[1] for arn in arns}
    assert granted == {
        "LiveUpdatesRole": {"POST/@connections/*", "DELETE/@connections/*"},
        "LiveConnectionRole": {"DELETE/@connections/*"},
    }


def test_the_table_expires_items_and_is_protected_against_loss():
    table = TABLE["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["DeletionProtectionEnabled"] == PROTECTED
    assert (TABLE["DeletionPolicy"], TABLE["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert translated()["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def source_of(mapping):
    return mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]


def function_of(mapping):
    return mapping["Properties"]["FunctionName"]["Ref"]


def queue_mappings():
    return {name: it for name, it in MAPPINGS.items() if source_of(it) in QUEUES}


def test_queues_retry_failed_records_one_by_one():
    assert queue_mappings()
    for name, mapping in queue_mappings().items():
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_a_queues_visibility_timeout_is_six_times_the_timeout_of_its_function():
    for name, mapping in queue_mappings().items():
        hidden = QUEUES[source_of(mapping)]["Properties"]["VisibilityTimeout"]
        assert hidden >= 6 * FUNCTIONS[function_of(mapping)]["Properties"]["Timeout"], name


def test_every_queue_with_a_reader_has_a_dead_letter_queue_that_keeps_14_days():
    for mapping in queue_mappings().values():
        queue = QUEUES[source_of(mapping)]["Properties"]
        dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert QUEUES[dead_letters]["Properties"]["MessageRetentionPeriod"] == FORTNIGHT
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5, "Lambda recommends five or more, because throttling counts too"


def stream_mappings():
    return {name: it for name, it in MAPPINGS.items() if source_of(it) not in QUEUES}


def failure_queue_of(mapping):
    return mapping["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]


def test_a_record_of_a_stream_that_always_fails_goes_to_the_failure_queue():
    """Without a limit, a record that always fails would block its shard for a day."""
    assert stream_mappings()
    for name, mapping in stream_mappings().items():
        how = mapping["Properties"]
        assert how["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert how["BisectBatchOnFunctionError"] is True, name
        assert 0 <= how["MaximumRetryAttempts"] <= 20, name
        assert QUEUES[failure_queue_of(mapping)]["Properties"]["MessageRetentionPeriod"] == FORTNIGHT, name


def test_live_updates_reads_new_changes_of_what_pages_show():
    how = next(it["Properties"] for it in stream_mappings().values() if function_of(it) == "LiveUpdates")
    assert how["StartingPosition"] == "LATEST"
    assert how["MaximumRecordAgeInSeconds"] == 60, "pages refresh, so older changes are on every page already"
    assert how["ParallelizationFactor"] == 1, "one invocation already uses the share of API Gateway's request rate"
    (pattern,) = (json.loads(it["Pattern"]) for it in how["FilterCriteria"]["Filters"])
    prefixes = {it["prefix"] for it in pattern["dynamodb"]["Keys"]["pk"]["S"]}
    assert prefixes == {"CONVERSATION#", "SESSION#", "COMPANY#"}


def test_dispatch_push_reads_new_changes_and_the_end_of_sessions():
    how = next(it["Properties"] for it in stream_mappings().values() if function_of(it) == "DispatchPush")
    assert how["StartingPosition"] == "LATEST"
    assert how["MaximumRecordAgeInSeconds"] == 3600
    (pattern,) = (json.loads(it["Pattern"]) for it in how["FilterCriteria"]["Filters"])
    prefixes = {it["prefix"] for it in pattern["dynamodb"]["Keys"]["pk"]["S"]}
    assert prefixes == {"CONVERSATION#", "SESSION#", "COMPANY#", "PUSH#"}
    readers = [it for it in stream_mappings().values()]
    assert len(readers) <= 2, "a shard of a table's stream should have two readers at most"


def test_the_parameter_of_push_services_accepts_what_functions_accept():
    pattern = re.compile(translated()["Parameters"]["PushServices"]["AllowedPattern"])
    for services in ("", "known", "push.example.com", ".push.example.org", "known,a.b-c.xn--p1ai,.0.example.com"):
        assert pattern.search(services), services
    for wrong in ("unknown", "localhost", ".com", "0x7f.1", "a..example.com", "a.-b.c", "*.example.com", "..example.com", "known,"):
        assert not pattern.search(wrong), wrong


def test_a_websocket_needs_the_authorizer_to_open_and_gets_responses():
    live = {name: it["Properties"] for name, it in resources("AWS::ApiGatewayV2::Route").items() if it["Properties"]["ApiId"] == {"Ref": "LiveApi"}}
    assert {it["RouteKey"] for it in live.values()} == {"$connect", "$disconnect", "$default"}
    # Only `$connect` needs an authorizer: later frames come over an admitted connection.
    (connect,) = (it for it in live.values() if it["RouteKey"] == "$connect")
    assert (connect["AuthorizationType"], connect["AuthorizerId"]) == ("CUSTOM", {"Ref": "LiveAuthorizer"})
    authorizer = resources("AWS::ApiGatewayV2::Authorizer")["LiveAuthorizer"]["Properties"]
    assert (authorizer["AuthorizerType"], authorizer["IdentitySource"]) == ("REQUEST", ["route.request.header.Cookie"])
    assert function_in_uri(authorizer["AuthorizerUri"]) == "Authorize"
    (default,) = (it for it in live.values() if it["RouteKey"] == "$default")
    assert default["RouteResponseSelectionExpression"] == "$default", "without a route response, a ping gets no answer"
    (answer,) = resources("AWS::ApiGatewayV2::RouteResponse").values()
    assert (answer["Properties"]["RouteId"], answer["Properties"]["RouteResponseKey"]) == ({"Ref": "LiveDefaultRoute"}, "$default")


def test_the_stage_of_websockets_has_the_name_of_the_path_and_is_throttled():
    stage = resources("AWS::ApiGatewayV2::Stage")["LiveStage"]["Properties"]
    assert (stage["StageName"], stage["AutoDeploy"]) == ("live", True)
    assert 0 < stage["DefaultRouteSettings"]["ThrottlingRateLimit"] < stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]
    assert "AccessLogSettings" not in stage, "an access log needs a role in the account's settings, which a stack must not change"
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    (behaviour,) = (it for it in config["CacheBehaviors"] if it["TargetOriginId"] == "live")
    # The requested path is the stage's name, so the origin has no path of its own.
    assert behaviour["PathPattern"] == "/live"
    (origin,) = (it for it in config["Origins"] if it["Id"] == "live")
    assert "OriginPath" not in origin


def test_cloudfront_sets_the_header_with_the_requested_host():
    """`live-connection` compares a page's `Origin` with this header."""
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    (behaviour,) = (it for it in config["CacheBehaviors"] if it["PathPattern"] == "/live")
    (association,) = behaviour["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"]["Fn::GetAtt"][0] == "PortalHostHeader"
    code = resources("AWS::CloudFront::Function")["PortalHostHeader"]["Properties"]["FunctionCode"]
    assert "request.headers['x-portal-host'] = {value: request.headers.host.value}" in code


def test_confirmation_call_answers_a_contact_flow_in_time():
    assert FUNCTIONS["ConfirmationCall"]["Properties"]["Timeout"] < 8, "Amazon Connect waits for 8 s at most"


def test_only_the_flows_of_one_instance_invoke_the_function_and_only_its_events_reach_the_queue():
    instance = {"Ref": "ConnectInstanceArn"}
    (permission,) = (
        it for it in resources("AWS::Lambda::Permission").values()
        if it["Properties"]["Principal"] == "connect.amazonaws.com"
    )
    assert permission["Properties"]["FunctionName"] == {"Ref": "ConfirmationCall"}
    assert permission["Properties"]["SourceArn"] == instance
    assert permission["Properties"]["SourceAccount"] == {"Ref": "AWS::AccountId"}
    rule = resources("AWS::Events::Rule")["CallEvents"]
    pattern = rule["Properties"]["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == (["aws.connect"], ["Amazon Connect Contact Event"])
    assert pattern["detail"]["instanceArn"] == [instance]
    (target,) = rule["Properties"]["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["CallQueue", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["CallDeadLetters", "Arn"]}
    conditional = [permission, rule, *(resources(kind)[name] for kind, name in (
        ("AWS::SQS::QueuePolicy", "CallQueuePolicy"), ("AWS::Connect::IntegrationAssociation", "CallFlowFunction"),
    ))]
    assert {it["Condition"] for it in conditional} == {"HasConnect"}, "without an instance, none of these should be created"


@pytest.mark.parametrize(("kind", "name", "policy"), [
    ("AWS::SMSVOICE::ConfigurationSet", "Receipts", "ReceiptTopicPolicy"), ("AWS::SMSVOICE::PhoneNumber", "Number", "InboundTopicPolicy"),
])
def test_publishers_are_created_after_the_policy_that_allows_them(kind, name, policy):
    assert as_list(resources(kind)[name]["DependsOn"]) == [policy]
    assert resources("AWS::SNS::TopicPolicy")[policy]


def test_delivery_receipts_are_published_to_the_topic_that_is_read():
    (receipts,) = resources("AWS::SMSVOICE::ConfigurationSet").values()
    assert receipts["Condition"] == "SendsByEndUserMessaging"
    (destination,) = receipts["Properties"]["EventDestinations"]
    assert (destination["Enabled"], destination["MatchingEventTypes"]) == (True, ["TEXT_ALL"])
    assert destination["SnsDestination"] == {"TopicArn": {"Ref": "ReceiptTopic"}}
    # By its name, not by reference: the function must not depend on the configuration set.
    variables = FUNCTIONS["SendReply"]["Properties"]["Environment"]["Variables"]
    assert variables["SWITCHBOARD_SMS_CONFIGURATION_SET"] == receipts["Properties"]["ConfigurationSetName"]


def test_inbound_messages_keep_the_envelope_with_their_time_of_receipt():
    subscription = resources("AWS::SNS::Subscription")["InboundSubscription"]["Properties"]
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", False)


def test_queues_and_topics_are_encrypted():
    for name, it in (QUEUES | resources("AWS::SNS::Topic")).items():
        properties = it.get("Properties", {})
        encrypted = properties.get("SqsManagedSseEnabled") or properties.get("KmsMasterKeyId")
        assert encrypted or name == "AlarmTopic", name


def test_the_alarm_topic_needs_no_key_of_the_stack():
    """A disabled key stops texts. The alarms that report this must not depend on the key."""
    assert "KmsMasterKeyId" not in resources("AWS::SNS::Topic")["AlarmTopic"].get("Properties", {})
    (publishers,) = (it for it in statements(resources("AWS::KMS::Key")["Key"]["Properties"]["KeyPolicy"]) if "Service" in it["Principal"])
    assert publishers["Principal"]["Service"] == "sms-voice.amazonaws.com"


def test_sns_and_its_callers_may_send_from_a_number_that_is_requested_for_it():
    policy = resources("AWS::SMSVOICE::ResourcePolicy")["NumberForSns"]
    number = {"Fn::GetAtt": ["Number", "Arn"]}
    for settings, is_there in (
        ({}, False), ({"SmsProvider": "SNS"}, False), ({"NewNumber": "TOLL_FREE"}, False),
        ({"NewNumber": "TOLL_FREE", "SmsProvider": "SNS"}, True),
    ):
        assert condition_holds(policy["Condition"], settings) is is_there, settings
    assert policy["Properties"]["ResourceArn"] == number
    (statement,) = statements(policy["Properties"]["PolicyDocument"])
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sms-voice:SendTextMessage", number)
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    for function, settings in (("SendReply", {}), ("InboundSms", {"SelfManagedOptOuts": "true"})):
        (asked,) = (it for it in granted_statements(function, settings | {"SmsProvider": "SNS"}) if it["Action"] == "sms-voice:SendTextMessage")
        assert asked["Condition"] == {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}


def refusals(rule, **parameters):
    """Returns the messages with which a rule refuses these parameters."""
    rule = translated()["Rules"][rule]
    if not condition_holds(rule["RuleCondition"], parameters):
        return []
    return [it["AssertDescription"] for it in rule["Assertions"] if not condition_holds(it["Assert"], parameters)]


def test_a_number_that_cannot_text_is_refused_with_the_reason():
    assert refusals("NumberThatTexts", NewNumber="LONG_CODE") == [
        "US long codes cannot text, and the first deployment would fail at the number. Deploy without NewNumber and "
        "register a 10DLC number as infra/README.md describes, or set NewNumber=TOLL_FREE."
    ]
    for fine in ({}, {"NewNumber": "TOLL_FREE"}, {"NewNumber": "LONG_CODE", "NewNumberCountry": "GB"}):
        assert refusals("NumberThatTexts", **fine) == []
    assert refusals("SimulatorOfTheUs", NewNumber="SIMULATOR", NewNumberCountry="GB")
    assert not refusals("SimulatorOfTheUs", NewNumber="SIMULATOR")
    assert not refusals("SimulatorOfTheUs", NewNumber="LONG_CODE", NewNumberCountry="GB")


def test_a_requested_number_answers_help_and_stop_with_its_owners_name():
    assert refusals("NumberWithName", NewNumber="TOLL_FREE")
    assert not refusals("NumberWithName", NewNumber="TOLL_FREE", NewNumberName="Harbor Dental")
    assert not refusals("NumberWithName")
    number = resources("AWS::SMSVOICE::PhoneNumber")["Number"]["Properties"]
    said = [it["Message"] for it in (*number["MandatoryKeywords"].values(), *number["OptionalKeywords"])]
    assert len(said) >= 5
    longest = 40
    assert re.search(rf"\{{1,{longest}\}}", translated()["Parameters"]["NewNumberName"]["AllowedPattern"])
    for answer in said:
        assert answer["Fn::Sub"].startswith("${NewNumberName}: ")
        assert len(answer["Fn::Sub"].replace("${NewNumberName}", "x" * longest)) <= 160, "an answer should fit one segment of the GSM alphabet"


# The rule that refuses a parameter in a region without the resource type that it needs.
REGION_RULES = {
    "AWS::Connect::IntegrationAssociation": ("RegionWithConnect", {"ConnectInstanceArn": "arn"}),
    "AWS::Budgets::Budget": ("BudgetWithEmail", {"MonthlyBudget": "100", "AlarmEmail": "it@example.com"}),
    "AWS::WAFv2::WebACL": ("RateRuleWhereItCanBe", {"RequestsPerAddress": "2000"}),
}


def test_a_parameter_is_refused_exactly_in_the_regions_that_lack_its_resource():
    """CloudFormation refuses an unknown resource type without naming the parameter, if its condition holds."""
    conditional = {it["Type"] for it in translated()["Resources"].values() if "Condition" in it}
    for region in supported_regions():
        there = set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
        assert conditional - there <= set(REGION_RULES), region
        for kind, (rule, parameters) in REGION_RULES.items():
            says = refusals(rule, **parameters, **{"AWS::Region": region})
            if kind == "AWS::WAFv2::WebACL":
                assert (says == []) is (region == "us-east-1"), region
            else:
                assert (says == []) is (kind in there), (kind, region)


def test_a_budget_needs_an_email_address():
    assert "AlarmEmail" in refusals("BudgetWithEmail", MonthlyBudget="100", **{"AWS::Region": "us-east-1"})[0]
    with_email = {"MonthlyBudget": "100", "AlarmEmail": "it@example.com"}
    assert refusals("BudgetWithEmail", **with_email, **{"AWS::Region": "us-east-1"}) == []
    budget = resources("AWS::Budgets::Budget")["Budget"]
    assert condition_holds(budget["Condition"], {"MonthlyBudget": "100"}) and not condition_holds(budget["Condition"], {})
    notifications = budget["Properties"]["NotificationsWithSubscribers"]
    assert {it["Notification"]["NotificationType"] for it in notifications} == {"ACTUAL", "FORECASTED"}
    assert all(it["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": {"Ref": "AlarmEmail"}}] for it in notifications)


def test_the_spend_alarm_rings_above_its_parameter():
    alarm = ALARMS["SmsSpendRisesAlarm"]
    assert condition_holds(alarm["Condition"], {"SmsSpendAlarm": "50"}) and not condition_holds(alarm["Condition"], {})
    of = alarm["Properties"]
    assert (of["Namespace"], of["MetricName"], of["Threshold"]) == ("AWS/SMSVoice", "TextMessageMonthlySpend", {"Ref": "SmsSpendAlarm"})


def test_queues_leave_lambda_concurrency_for_requests_of_staff():
    at_once = {source_of(it): it["Properties"]["ScalingConfig"]["MaximumConcurrency"] for it in queue_mappings().values()}
    assert min(at_once.values()) >= 2, "Lambda requires a maximum concurrency of 2 or more"
    assert sum(at_once.values()) <= 10, "a new account may have a concurrency of 10 only"
    reserved = FUNCTIONS["InboundSms"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserved == {"Fn::If": ["HasInboundConcurrency", {"Ref": "InboundConcurrency"}, {"Ref": "AWS::NoValue"}]}
    parameter = translated()["Parameters"]["InboundConcurrency"]
    assert parameter["Default"] == "", "nothing should be reserved by default: Lambda requires 100 unreserved"
    assert not re.search(parameter["AllowedPattern"], str(at_once["InboundQueue"] - 1))
    assert re.search(parameter["AllowedPattern"], str(at_once["InboundQueue"]))
    assert {name for name, it in FUNCTIONS.items() if "ReservedConcurrentExecutions" in it["Properties"]} == {"InboundSms"}


@pytest.mark.parametrize("stage", ["ApiApiGatewayDefaultStage", "LiveStage"])
def test_routes_are_counted_separately_only_with_detailed_metrics(stage):
    settings = resources("AWS::ApiGatewayV2::Stage")[stage]["Properties"]["DefaultRouteSettings"]
    assert settings["DetailedMetricsEnabled"] == {"Fn::If": ["HasDetailedMetrics", True, False]}
    assert not condition_holds("HasDetailedMetrics", {}) and condition_holds("HasDetailedMetrics", {"DetailedMetrics": "true"})


def test_no_function_may_create_a_log_group():
    denying = resources("AWS::IAM::ManagedPolicy")["NoLogGroups"]["Properties"]
    assert sorted(it["Ref"] for it in denying["Roles"]) == sorted(it["Properties"]["Role"]["Fn::GetAtt"][0] for it in FUNCTIONS.values())
    assert statements(denying["PolicyDocument"]) == [{"Effect": "Deny", "Action": "logs:CreateLogGroup", "Resource": "*"}]


def test_a_log_groups_name_is_unique_even_after_a_stack_of_the_same_name():
    for name, group in resources("AWS::Logs::LogGroup").items():
        of = lambda stack: resolve(group["Properties"]["LogGroupName"], lambda it, _: {"AWS::StackName": "switchboard", "AWS::StackId": stack}[it])
        one, other = (of(f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/switchboard/{id}") for id in ("51af3dc0", "62be4ed1"))
        assert one != other and one.endswith("/51af3dc0"), name
    api = resources("AWS::Logs::LogGroup")["ApiLogs"]["Properties"]["LogGroupName"]
    assert api["Fn::Sub"][0].startswith("/aws/vendedlogs/")


def test_functions_time_out_before_the_gateway_does():
    waiting = {function_in_uri(operation["x-amazon-apigateway-integration"]["uri"]) for operation in routes().values()}
    for name in waiting | {"Authorize", "LiveConnection"}:
        assert FUNCTIONS[name]["Properties"]["Timeout"] < 30, name
    assert FUNCTIONS["Authorize"]["Properties"]["Timeout"] < 10, "an HTTP API waits for 10 s at most for its authorizer"


def test_functions_log_as_json():
    for name, function in FUNCTIONS.items():
        assert function["Properties"]["LoggingConfig"]["LogFormat"] == "JSON", name


def test_functions_choose_their_log_level_and_lambda_drops_no_line():
    assert translated()["Parameters"]["LogLevel"]["AllowedValues"] == ["error", "warn", "info", "debug"]
    for name, function in FUNCTIONS.items():
        assert function["Properties"]["Environment"]["Variables"]["RUST_LOG"] == {"Ref": "LogLevel"}, name
        assert function["Properties"]["LoggingConfig"]["ApplicationLogLevel"] == "DEBUG", name


def test_functions_run_the_built_binary():
    for name, function in FUNCTIONS.items():
        properties = function["Properties"]
        assert (properties["Runtime"], properties["Handler"]) == ("provided.al2023", "bootstrap"), name
        assert properties["Architectures"] == [{"Ref": "Architecture"}], name


def test_every_log_group_has_a_retention_period():
    groups = resources("AWS::Logs::LogGroup")
    for name, group in groups.items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    for name, function in FUNCTIONS.items():
        assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups, name


def test_the_access_log_has_the_id_of_staff_and_nothing_about_customers():
    stage = resources("AWS::ApiGatewayV2::Stage")["ApiApiGatewayDefaultStage"]["Properties"]
    words = json.loads(stage["AccessLogSettings"]["Format"].replace(", \"", ",\""))
    assert {"route", "status", "requestId"} <= set(words)
    assert (words["company"], words["staff"]) == ("$context.authorizer.company", "$context.authorizer.id")
    for word in ("path", "Path", "identity", "query", "authorizer.name", "domainName"):
        assert not any(word in value for value in words.values()), word


def test_the_portal_is_one_origin_and_its_bucket_is_private():
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    origins = {origin["Id"]: origin for origin in config["Origins"]}
    assert origins["site"]["OriginAccessControlId"] == {"Ref": "SiteAccess"}
    assert origins["api"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    behaviours = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]
    assert [it["TargetOriginId"] for it in behaviours] == ["site", "api", "live"]
    assert origins["live"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    for behaviour in behaviours:
        assert behaviour["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only")
        assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "SecurityHeaders"}
    # AWS's managed policies: nothing of the APIs is cached, and every header except `Host` is forwarded.
    for behaviour in behaviours[1:]:
        assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    for name, bucket in resources("AWS::S3::Bucket").items():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}, name


def test_no_error_is_cached():
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    kept = {it["ErrorCode"]: it["ErrorCachingMinTTL"] for it in config["CustomErrorResponses"]}
    # The errors that CloudFront caches by default, and 403, which has a page of the site. A WebSocket handshake is
    # denied with 403 as well, at an address that all visitors share.
    assert kept == dict.fromkeys((403, 404, 405, 414, 500, 501, 502, 503, 504), 0)


def test_your_own_domain_needs_tls_1_2_or_newer():
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["Properties"]["DistributionConfig"]
    condition, own, _ = config["ViewerCertificate"]["Fn::If"]
    assert (condition, own["MinimumProtocolVersion"], own["SslSupportMethod"]) == ("HasDomain", "TLSv1.2_2021", "sni-only")


def test_staff_are_invited_and_sign_in_with_a_second_factor():
    pool = resources("AWS::Cognito::UserPool")["UserPool"]["Properties"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    client = resources("AWS::Cognito::UserPoolClient")["UserPoolClient"]["Properties"]
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], True)
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_invitations_are_sent_by_ses_if_an_identity_is_given():
    condition, own, cognitos = resources("AWS::Cognito::UserPool")["UserPool"]["Properties"]["EmailConfiguration"]["Fn::If"]
    arn, address = "arn:aws:ses:us-east-1:000000000000:identity/example.com", "Switchboard <no-reply@example.com>"
    assert condition_holds(condition, {"EmailIdentityArn": arn}) and not condition_holds(condition, {})
    assert own == {"EmailSendingAccount": "DEVELOPER", "SourceArn": {"Ref": "EmailIdentityArn"}, "From": {"Ref": "EmailFrom"}}
    assert cognitos == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    for name, value in (("EmailIdentityArn", arn), ("EmailFrom", address), ("EmailFrom", "no-reply@example.com")):
        assert re.search(translated()["Parameters"][name]["AllowedPattern"], value), value
    for name, value in (("EmailIdentityArn", "example.com"), ("EmailFrom", "example.com"), ("EmailFrom", "a@b@c")):
        assert not re.search(translated()["Parameters"][name]["AllowedPattern"], value), value
    assert refusals("EmailOfTheUserPool", EmailIdentityArn=arn, EmailFrom=address) == []
    assert "EmailFrom" in refusals("EmailOfTheUserPool", EmailIdentityArn=arn)[0]
    assert "your own issuer" in refusals("EmailOfTheUserPool", EmailIdentityArn=arn, EmailFrom=address, OidcIssuer="https://id.example.com")[0]
    assert refusals("IdentityOfTheEmail", EmailFrom=address)


def test_the_sign_in_secret_has_a_random_key_beside_the_issuers_settings():
    drawn = resources("AWS::SecretsManager::Secret")["SignInSecret"]["Properties"]["GenerateSecretString"]
    # 64 characters out of 62 letters and digits: 380 bits.
    assert (drawn["GenerateStringKey"], drawn["PasswordLength"], drawn["ExcludePunctuation"]) == ("attempt_key", 64, True)
    _, *written = drawn["SecretStringTemplate"]["Fn::If"]
    for template in written:
        assert set(json.loads(template["Fn::Sub"][0])) == {"issuer", "client_id", "client_secret", "portal"}


ALARMS = resources("AWS::CloudWatch::Alarm")

# The alarms that ring on missing data, each with the reason.
RINGS_ON_MISSING_DATA = {"HeartbeatAlarm": "it reports that no heartbeat has come through"}


def test_every_alarm_has_an_action_and_a_description():
    assert ALARMS
    for name, alarm in ALARMS.items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["Properties"]["AlarmDescription"], name
        missing = "breaching" if name in RINGS_ON_MISSING_DATA else "notBreaching"
        assert alarm["Properties"]["TreatMissingData"] == missing, name


def schedules_of(function):
    """Returns the schedules that invoke a function, each with its input."""
    found = []
    for name, rule in resources("AWS::Events::Rule").items():
        for target in rule["Properties"]["Targets"]:
            if target["Arn"] == {"Fn::GetAtt": [function, "Arn"]}:
                (may,) = (
                    it["Properties"] for it in resources("AWS::Lambda::Permission").values()
                    if it["Properties"]["SourceArn"] == {"Fn::GetAtt": [name, "Arn"]}
                )
                assert (may["Principal"], may["FunctionName"]) == ("events.amazonaws.com", {"Ref": function})
                assert rule["Properties"].get("State", "ENABLED") == "ENABLED"
                found.append((rule["Properties"]["ScheduleExpression"], target.get("Input")))
    return sorted(found)


def test_a_heartbeat_every_five_minutes_rings_when_none_has_come_through_for_fifteen():
    assert ("rate(5 minutes)", None) in schedules_of("Heartbeat")
    alarm = ALARMS["HeartbeatAlarm"]["Properties"]
    # The metric is counted by the function that reads the stream, at the end of the path, not by the sender.
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Switchboard", "Heartbeat")
    assert alarm["Dimensions"] == [{"Name": "Function", "Value": {"Ref": "DispatchPush"}}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", 3)) == (300, 3, 3)
    assert FUNCTIONS["Heartbeat"]["Properties"]["Environment"]["Variables"]["SWITCHBOARD_INBOUND_TOPIC"] == {"Ref": "InboundTopic"}


def test_lines_are_checked_once_a_day_and_ring_until_a_check_finds_nothing():
    assert schedules_of("Heartbeat") == [("rate(1 day)", '{"check":"lines"}'), ("rate(5 minutes)", None)]
    alarm = ALARMS["LinesAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Switchboard", "LineFaults")
    assert alarm["Dimensions"] == [{"Name": "Function", "Value": {"Ref": "Heartbeat"}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["DatapointsToAlarm"]) == ("GreaterThanThreshold", 0, 1)
    # The evaluated time always includes one check, even a late one. CloudWatch evaluates a week at most.
    assert DAY < alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * DAY
    assert alarm["Period"] >= 3600, "an alarm with a shorter period is evaluated over a day at most"


def test_heartbeat_may_use_the_key_of_the_topic_it_publishes_to():
    (granted,) = (it for it in granted_statements("Heartbeat", {}) if "kms" in str(it["Action"]))
    assert (set(granted["Action"]), granted["Resource"]) == ({"kms:Decrypt", "kms:GenerateDataKey"}, {"Fn::GetAtt": ["Key", "Arn"]})
    assert resources("AWS::SNS::Topic")["InboundTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "Key"}
    # The key's policy leaves this to the policies of roles.
    account = statements(resources("AWS::KMS::Key")["Key"]["Properties"]["KeyPolicy"])[0]
    assert (account["Effect"], account["Action"], list(account["Principal"])) == ("Allow", "kms:*", ["AWS"])


def test_the_readme_has_the_costs_of_a_month_without_use():
    always = lambda kind: [it for it in resources(kind).values() if "Condition" not in it]
    watched = sum(len(metrics_in(alarm)) or 1 for alarm in always("AWS::CloudWatch::Alarm"))
    kinds = ("AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::CloudWatch::Dashboard")
    there = [watched, *(len(always(kind)) for kind in kinds)]
    table = re.findall(r"^\| ([a-z][^|]*) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|", (ROOT / "tests" / "bench" / "README.md").read_text(), re.M)
    assert [int(many) for _, many, _, _ in table][:4] == there
    for _, many, each, all_of_them in table:
        assert float(all_of_them) == round(int(many) * float(each), 2)


def test_the_readme_lists_every_parameter_and_every_alarm():
    assert table_names("Parameters") == set(translated()["Parameters"])
    assert table_names("Alarms") == set(ALARMS)


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_is_watched_by_an_alarm(metric):
    watched = []
    for alarm in ALARMS.values():
        queries = [it["MetricStat"]["Metric"] for it in alarm["Properties"].get("Metrics", []) if "MetricStat" in it]
        watched += [dimension["Value"]["Ref"] for it in queries if it["MetricName"] == metric for dimension in it["Dimensions"]]
    assert sorted(watched) == sorted(FUNCTIONS)


def test_no_alarm_has_more_metrics_than_cloudwatch_allows():
    for name, alarm in ALARMS.items():
        assert sum("MetricStat" in it for it in alarm["Properties"].get("Metrics", [])) <= 10, name


def test_every_dead_letter_queue_has_an_alarm():
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS.values()
        for dimension in alarm["Properties"].get("Dimensions", [])
        if dimension["Name"] == "QueueName" and alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    dead = {queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            for queue in QUEUES.values() if "RedrivePolicy" in queue["Properties"]}
    assert watched == dead | {failure_queue_of(mapping) for mapping in stream_mappings().values()}


def test_every_queue_with_a_reader_has_an_alarm_on_the_age_of_messages():
    waits = {
        dimension["Value"]["Fn::GetAtt"][0]: alarm["Properties"]["Threshold"]
        for alarm in ALARMS.values()
        for dimension in alarm["Properties"].get("Dimensions", [])
        if alarm["Properties"]["MetricName"] == "ApproximateAgeOfOldestMessage"
    }
    assert set(waits) == {source_of(mapping) for mapping in queue_mappings().values()}
    # Amazon SQS delays a message for 15 minutes at most. Such a delay must not ring.
    hidden = QUEUES["PushRetries"]["Properties"]["VisibilityTimeout"]
    assert 900 + 2 * hidden < waits["PushRetries"] < 900 + QUEUES["PushRetries"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] * hidden


def metrics_in(alarm):
    return [it["MetricStat"]["Metric"] for it in alarm["Properties"].get("Metrics", []) if "MetricStat" in it]


def metrics_of(alarm):
    """Returns the metrics of an alarm on several metrics."""
    return metrics_in(ALARMS[alarm])


def watched_metrics(alarm):
    """Returns the metrics of an alarm on several metrics, with their dimensions."""
    return {(it["Namespace"], it["MetricName"], *(f"{of['Name']}={of['Value']}" for of in it["Dimensions"])) for it in metrics_of(alarm)}


def test_an_alarm_watches_throttled_requests_of_the_table_and_its_indexes():
    table = f"TableName={ {'Ref': 'Table'} }"
    # CloudWatch counts them separately: the table's metric does not include throttles of an index.
    places = [(table,), *((table, f"GlobalSecondaryIndexName={it['IndexName']}") for it in TABLE["Properties"]["GlobalSecondaryIndexes"])]
    turned_away = ("ReadThrottleEvents", "WriteThrottleEvents")
    assert watched_metrics("TableThrottlesAlarm") == {("AWS/DynamoDB", metric, *place) for metric in turned_away for place in places}


def test_alarms_on_dynamodb_metrics_stop_ringing():
    """An alarm on `AWS/DynamoDB` keeps its state on missing data, even with `TreatMissingData`."""
    for name, alarm in ALARMS.items():
        of = [it for it in alarm["Properties"].get("Metrics", []) if it.get("MetricStat", {}).get("Metric", {}).get("Namespace") == "AWS/DynamoDB"]
        assert alarm["Properties"].get("Namespace") != "AWS/DynamoDB", name
        if of:
            (expression,) = (it["Expression"] for it in alarm["Properties"]["Metrics"] if "Expression" in it)
            assert sorted(expression.split(" + ")) == sorted(f"FILL({it['Id']}, 0)" for it in of), name
            # A metric may arrive late, and its newest minute is then filled with zero. An alarm must not need all
            # minutes.
            assert 1 < alarm["Properties"]["DatapointsToAlarm"] < alarm["Properties"]["EvaluationPeriods"], name


def test_failed_websockets_ring_and_refused_ones_do_not():
    alarm = ALARMS["LiveErrorsAlarm"]["Properties"]
    place = [{"Name": "ApiId", "Value": {"Ref": "LiveApi"}}, {"Name": "Stage", "Value": {"Ref": "LiveStage"}}]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]) == ("AWS/ApiGateway", "ExecutionError", place)
    # This metric counts the refusals of `live-connection` too. Anybody with a session can cause a hundred of them.
    assert "IntegrationError" not in json.dumps(ALARMS)


@pytest.mark.parametrize("metric", ["SendFailed", "Undelivered", "PushRefused"])
def test_no_alarm_watches_a_metric_that_any_customer_or_browser_can_raise(metric):
    watched = [it for alarm in ALARMS.values() for it in (alarm["Properties"], *metrics_in(alarm)) if it.get("MetricName") == metric]
    causes = {dimension["Value"] for it in watched for dimension in it["Dimensions"] if dimension["Name"] == "Cause"}
    assert watched and all(len(it["Dimensions"]) == 2 for it in watched), "every alarm on the metric should name a cause"
    assert causes <= {"Ours", "Service", "Keys"}, "`Message` is a cause that any customer can raise"


@pytest.mark.parametrize("alarm", ["PushRefusedAlarm", "PushAbandonedAlarm"])
def test_one_browser_that_refuses_everything_does_not_ring(alarm):
    expression = ALARMS[alarm]["Properties"]["Metrics"][0]["Expression"]
    assert "> FILL(delivered, 0)" in expression
    assert ("Switchboard", "PushDelivered", f"Function={ {'Ref': 'DispatchPush'} }") in watched_metrics(alarm)


def test_the_dashboard_is_valid_and_shows_every_function():
    body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(body)["widgets"]:
        assert widget["properties"]["title"]
    for name in FUNCTIONS:
        assert f'"Errors", "FunctionName", "${{{name}}}"' in body, name


def test_the_dashboard_shows_the_metrics_of_the_tables_alarm():
    body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = {tuple(it for it in metric if isinstance(it, str)) for widget in json.loads(body)["widgets"] for metric in widget["properties"]["metrics"]}
    for metric in metrics_of("TableThrottlesAlarm"):
        dimensions = [text for it in metric["Dimensions"] for text in (it["Name"], dashboard_value(it["Value"]))]
        assert (metric["Namespace"], metric["MetricName"], *dimensions) in shown


def dashboard_value(value):
    """Returns a dimension's value as the dashboard has it."""
    return f"${{{value['Ref']}}}" if isinstance(value, dict) else value


# The greatest lengths of names that contain the stack's name, as AWS documents them.
MAX_NAME_LENGTHS = {
    "AWS::ApiGatewayV2::Api.Name": 128,
    "AWS::CloudFront::Function.Name": 64,
    "AWS::CloudFront::OriginAccessControl.Name": 64,
    "AWS::CloudFront::ResponseHeadersPolicy.Name": 128,
    "AWS::CloudWatch::Dashboard.DashboardName": 255,
    "AWS::Cognito::UserPool.UserPoolName": 128,
    "AWS::Cognito::UserPoolDomain.Domain": 63,
    "AWS::Logs::LogGroup.LogGroupName": 512,
    "AWS::SMSVOICE::ConfigurationSet.ConfigurationSetName": 64,
    "AWS::SecretsManager::Secret.Name": 512,
    "AWS::WAFv2::WebACL.MetricName": 128,
    "AWS::WAFv2::WebACL.Name": 128,
}


def stack_names_in(properties):
    """Yields the names that contain the stack's name."""
    for name, value in properties.items():
        if name.endswith("Name") or name == "Domain":
            if "AWS::StackName" in str(value):
                yield name, value
        elif isinstance(value, dict):
            yield from stack_names_in(value)


def test_the_longest_stack_name_in_the_readme_is_the_longest_possible():
    (longest,) = (int(it) for it in re.findall(r"(\d+) characters at most", section("Prepare the AWS account")))
    region = max(set(REGIONS) - set(refused_regions()), key=len)
    room = {}
    for resource in translated()["Resources"].values():
        for name, value in stack_names_in(resource.get("Properties", {})):
            ids = {"AWS::StackName": "", "AWS::Region": region, "AWS::AccountId": ACCOUNT, "AWS::StackId": f"arn:x:stack/x/{'x' * 36}"}
            made = resolve(value, lambda of, _: ids[of])
            kind = f"{resource['Type']}.{name}"
            room[kind] = min(MAX_NAME_LENGTHS[kind] - len(made), room.get(kind, MAX_NAME_LENGTHS[kind]))
    assert set(room) == set(MAX_NAME_LENGTHS)
    assert min(room.values()) == longest, room


def test_the_template_has_room_to_grow():
    assert len(translated()["Resources"]) < 400, "CloudFormation allows 500 resources in a stack"


def test_the_refused_regions_are_those_that_lack_a_needed_resource():
    # A resource without a condition is always created. A line needs a phone number, whether this stack creates it or not.
    needed = {it["Type"] for it in translated()["Resources"].values() if "Condition" not in it}
    needed |= {"AWS::SMSVOICE::PhoneNumber", "AWS::SMSVOICE::ConfigurationSet"}
    assert set(refused_regions()) == {region for region in REGIONS if needed - set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))}
