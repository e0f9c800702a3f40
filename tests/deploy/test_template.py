"""What the emulator drops without a word, asserted on the translated template: what AWS is given."""

import pytest

from template import listed, resources, translated

TABLE = resources("AWS::DynamoDB::Table")["Table"]
FUNCTIONS = resources("AWS::Lambda::Function")
QUEUES = resources("AWS::SQS::Queue")
MAPPINGS = resources("AWS::Lambda::EventSourceMapping")
OPENAPI = resources("AWS::ApiGatewayV2::Api")["Api"]["Properties"]["Body"]

# Every other route asks the authorizer first. Each here says why it cannot.
OPEN_ROUTES = {}

DAY = 24 * 60 * 60
FORTNIGHT = 14 * DAY


def routes():
    return {
        f"{method.upper()} {path}": operation
        for path, operations in OPENAPI["paths"].items()
        for method, operation in operations.items()
    }


def test_every_route_asks_the_authorizer_unless_it_is_listed_as_open():
    without = {name for name, operation in routes().items() if not operation.get("security")}
    assert without == set(OPEN_ROUTES)
    known = set(OPENAPI["components"]["securitySchemes"])
    asked = {name for operation in routes().values() for need in operation.get("security", []) for name in need}
    assert asked <= known and asked == {"Session"}


def test_the_authorizer_is_asked_with_the_cookie_and_its_answer_kept_for_a_minute_at_most():
    authorizer = OPENAPI["components"]["securitySchemes"]["Session"]["x-amazon-apigateway-authorizer"]
    assert listed(authorizer["identitySource"]) == ["$request.header.Cookie"]
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["authorizerResultTtlInSeconds"] <= 60


def test_every_function_that_answers_http_may_be_invoked_by_this_api_only():
    permissions = [it["Properties"] for it in resources("AWS::Lambda::Permission").values()]
    gateway = [it for it in permissions if it["Principal"] == "apigateway.amazonaws.com"]
    allowed = {it["FunctionName"]["Ref"] for it in gateway if "Ref" in it["FunctionName"]}
    allowed |= {it["FunctionName"]["Fn::GetAtt"][0] for it in gateway if "Fn::GetAtt" in it["FunctionName"]}
    answering = {name_in(operation["x-amazon-apigateway-integration"]["uri"]) for operation in routes().values()}
    assert allowed == answering | {"Authorize"}
    for permission in permissions:
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission.get("SourceArn"), f"anybody's resource may invoke {permission['FunctionName']}"


def name_in(uri):
    return uri["Fn::Sub"].split("functions/${")[1].split(".Arn}")[0]


def test_the_table_forgets_by_itself_and_cannot_be_lost():
    table = TABLE["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["DeletionProtectionEnabled"] is True
    assert (TABLE["DeletionPolicy"], TABLE["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def queue_of(mapping):
    return mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]


def function_of(mapping):
    return mapping["Properties"]["FunctionName"]["Ref"]


def of_queues():
    return {name: it for name, it in MAPPINGS.items() if queue_of(it) in QUEUES}


def test_queues_give_records_back_one_by_one():
    assert of_queues()
    for name, mapping in of_queues().items():
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_a_queue_hides_a_record_for_six_times_as_long_as_its_function_may_take():
    for name, mapping in of_queues().items():
        hidden = QUEUES[queue_of(mapping)]["Properties"]["VisibilityTimeout"]
        assert hidden >= 6 * FUNCTIONS[function_of(mapping)]["Properties"]["Timeout"], name


def test_every_queue_that_is_read_has_a_dead_letter_queue_that_keeps_a_fortnight():
    for mapping in of_queues().values():
        queue = QUEUES[queue_of(mapping)]["Properties"]
        dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert QUEUES[dead_letters]["Properties"]["MessageRetentionPeriod"] == FORTNIGHT
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5, "Lambda asks for five at least: throttling counts too"


def test_streams_give_up_on_a_poisoned_record_and_keep_it():
    """A record that always fails would otherwise stop its shard for a day."""
    for name, mapping in MAPPINGS.items():
        if queue_of(mapping) in QUEUES:
            continue
        how = mapping["Properties"]
        assert how["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert how["BisectBatchOnFunctionError"] is True, name
        assert 0 <= how["MaximumRetryAttempts"] <= 20, name
        assert how["DestinationConfig"]["OnFailure"]["Destination"], name


def test_inbound_texts_keep_the_envelope_that_has_their_time_of_receipt():
    subscription = resources("AWS::SNS::Subscription")["InboundSubscription"]["Properties"]
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", False)


@pytest.mark.parametrize("kind", ["AWS::SQS::Queue", "AWS::SNS::Topic"])
def test_what_holds_texts_is_encrypted(kind):
    for name, it in resources(kind).items():
        properties = it.get("Properties", {})
        assert properties.get("SqsManagedSseEnabled") or properties.get("KmsMasterKeyId"), name


def test_functions_are_done_before_the_gateway_gives_up():
    for name, function in FUNCTIONS.items():
        assert function["Properties"]["Timeout"] < 30, name


def test_functions_log_as_json():
    for name, function in FUNCTIONS.items():
        assert function["Properties"]["LoggingConfig"]["LogFormat"] == "JSON", name


def test_functions_run_what_was_built():
    for name, function in FUNCTIONS.items():
        properties = function["Properties"]
        assert (properties["Runtime"], properties["Handler"]) == ("provided.al2023", "bootstrap"), name
        assert properties["Architectures"] == [{"Ref": "Architecture"}], name


def test_the_template_has_room_to_grow():
    assert len(translated()["Resources"]) < 400, "CloudFormation takes 500 resources in a stack"
