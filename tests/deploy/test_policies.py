"""Who may do what, asserted on the translated template. Scanners miss some of it."""

import re

import pytest

from template import listed, policies, resources, statements, translated

# (role or resource, action) with the resource `*`, each with the reason.
EVERY_RESOURCE = {
    ("SendReplyRole", "sns:Publish"): "a phone number is no resource; a second statement denies every topic",
    ("SendReplyRole", "sms-voice:SendTextMessage"): "lines are added by an operator, when the stack is there",
    ("OptOutConfirmations", "sms-voice:SendTextMessage"): "the same, for a deployment that confirms opt-outs itself",
    ("OptOutConfirmations", "sns:Publish"): "the same, for a deployment that confirms opt-outs itself",
    ("EditAppointmentRole", "sms-voice:CarrierLookup"): "it is asked of a customer's number, which is no resource",
    ("HeartbeatRole", "sms-voice:DescribePhoneNumbers"): "it is asked for all of the account's numbers",
    ("Key", "kms:*"): "a key's policy speaks of that key only, and its resource is always written *",
    ("Key", "kms:Decrypt"): "the same",
    ("Key", "kms:GenerateDataKey*"): "the same",
}

# (role or resource, action) with a wildcard in the action, each with the reason.
WILDCARD_ACTIONS = {
    ("Key", "kms:*"): "as AWS gives it to every key: without it the account could lock itself out of the key",
    ("Key", "kms:GenerateDataKey*"): "as AWS documents it for services that publish to an encrypted topic",
}

# Managed policies for what Lambda itself does with a function's role, in every function. These calls are not in the
# function's code, and AWS maintains the policies.
PLATFORM_POLICIES = {
    "AWSLambdaBasicExecutionRole": "writes the function's log",
    "AWSXrayWriteOnlyAccess": "Lambda's own agent sends the function's trace",
}


def roles():
    return resources("AWS::IAM::Role")


def documents():
    """Yields every policy document of the template: those of roles, and those attached to other resources."""
    for name, role in roles().items():
        for policy in policies(role):
            yield name, policy["PolicyDocument"]
    for name, resource in translated()["Resources"].items():
        document = resource.get("Properties", {}).get("PolicyDocument") or resource.get("Properties", {}).get("KeyPolicy")
        if document:
            # Both branches of a condition.
            for branch in document["Fn::If"][1:] if "Fn::If" in document else [document]:
                yield name, branch


def every_statement():
    for name, document in documents():
        for statement in statements(document):
            yield name, statement


def allowing():
    for name, statement in every_statement():
        if statement["Effect"] == "Allow":
            yield name, statement


def test_there_are_policies_to_judge():
    assert len(list(every_statement())) >= 10


def test_no_action_is_a_wildcard():
    for name, statement in allowing():
        assert "NotAction" not in statement, name
        for action in listed(statement["Action"]):
            wild = "*" in action or "?" in action
            assert not wild or (name, action) in WILDCARD_ACTIONS, f"{name} allows {action}"


def test_no_resource_is_a_wildcard_without_a_reason():
    for name, statement in allowing():
        assert "NotResource" not in statement, name
        for resource in listed(statement["Resource"]):
            if not is_everything(resource):
                continue
            for action in listed(statement["Action"]):
                assert (name, action) in EVERY_RESOURCE, f"{name} allows {action} on {resource}"


def test_no_reason_is_left_over():
    allowed = {(name, action) for name, statement in allowing() for action in listed(statement["Action"])}
    assert set(WILDCARD_ACTIONS) <= allowed
    granted = {
        (name, action)
        for name, statement in allowing()
        if any(is_everything(resource) for resource in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }
    assert granted == set(EVERY_RESOURCE)


def is_everything(resource):
    """Returns whether a resource name has only wildcards and types.

    Examples: `*`, `arn:aws:sns:*:*:*`, `arn:aws:sqs:*:*:queue/*`.
    """
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        resource = listed(resource["Fn::Sub"])[0]
    if isinstance(resource, dict):
        if resource == {"Fn::Split": [",", {"Ref": "SmsOrigins"}]}:
            # A list of ARNs without wildcards: the parameter's pattern allows none.
            return False
        assert set(resource) <= {"Ref", "Fn::GetAtt"}, f"{resource} cannot be judged: spell it with Fn::Sub"
        return False
    # The account and the region do not limit the resource.
    resource = re.sub(r"\$\{AWS::(Partition|Region|AccountId)\}", "x", resource)
    if resource.startswith("${"):
        return False
    named = resource.split(":", 5)[-1]
    return ("*" in named or "?" in named) and "${" not in named


def test_a_resource_of_wildcards_is_seen_however_it_is_spelled():
    for everything in (
        "*", "arn:aws:sns:*:*:*", {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:*:*:table/*"},
        {"Fn::Sub": ["arn:aws:sqs:${Region}:*:*", {"Region": "x"}]}, "arn:aws:s3:::*",
        {"Fn::Sub": "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:pool/*"},
    ):
        assert is_everything(everything), everything
    for something in (
        {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::Sub": "${Table.Arn}/stream/*"}, {"Fn::Sub": "arn:aws:execute-api:x:y:${LiveApi}/live/*"},
    ):
        assert not is_everything(something), something


def test_no_principal_is_open():
    for name, statement in allowing():
        assert "NotPrincipal" not in statement, name
        principal = statement.get("Principal", {})
        assert principal != "*", f"{name} is open to everybody"
        for kind, who in principal.items():
            for one in listed(who):
                assert one != "*", f"{name} is open to every {kind}"


def test_a_service_may_act_for_this_account_only():
    """Without a condition, a service could act for any of its customers on our resources."""
    for name, statement in allowing():
        if "Service" in statement.get("Principal", {}):
            conditions = {key for condition in statement.get("Condition", {}).values() for key in condition}
            assert conditions & {"aws:SourceArn", "aws:SourceAccount"}, name


@pytest.mark.parametrize("topic", ["Inbound", "Receipt"])
def test_what_the_sms_service_tells_is_heard_from_it_only(topic):
    (statement,) = statements(translated()["Resources"][f"{topic}TopicPolicy"]["Properties"]["PolicyDocument"])
    assert statement["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    conditions = {key for condition in statement["Condition"].values() for key in condition}
    assert conditions == {"aws:SourceAccount", "aws:SourceArn"}


def test_the_queue_of_calls_hears_its_rule_only():
    (statement,) = statements(translated()["Resources"]["CallQueuePolicy"]["Properties"]["PolicyDocument"])
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Fn::GetAtt": ["CallEvents", "Arn"]}}


def test_every_function_has_a_role_of_its_own():
    used = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in resources("AWS::Lambda::Function").values()]
    assert len(used) == len(set(used))


def test_roles_are_assumed_by_lambda_and_hold_no_managed_policy_but_the_platforms():
    for name, role in roles().items():
        trusted = {
            one
            for statement in statements(role["Properties"]["AssumeRolePolicyDocument"])
            for one in listed(statement["Principal"]["Service"])
        }
        assert trusted == {"lambda.amazonaws.com"}, name
        for arn in role["Properties"].get("ManagedPolicyArns", []):
            assert str(arn).rsplit("/", 1)[-1].rstrip("'}") in PLATFORM_POLICIES, f"{name} holds {arn}"


def test_a_function_is_given_what_its_own_queue_and_stream_hold_and_no_others():
    readable = {}
    for name, statement in allowing():
        if {"sqs:ReceiveMessage", "dynamodb:GetRecords"} & set(listed(statement["Action"])):
            readable.setdefault(name.removesuffix("Role"), []).append(statement["Resource"])
    read = {}
    for mapping in resources("AWS::Lambda::EventSourceMapping").values():
        source, attribute = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"]
        queue = {"Fn::GetAtt": [source, "Arn"]}
        arn = {"Fn::Sub": f"${{{source}.Arn}}/stream/*"} if attribute == "StreamArn" else queue
        read.setdefault(mapping["Properties"]["FunctionName"]["Ref"], []).append(arn)
    ordered = lambda by_name: {name: sorted(map(str, arns)) for name, arns in by_name.items()}
    assert ordered(readable) == ordered(read)


def test_sending_can_publish_to_phones_and_to_no_topic():
    denied = [(name, it["Action"], it["Resource"]) for name, it in every_statement() if it["Effect"] == "Deny" and it["Action"] == "sns:Publish"]
    topics = {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}
    assert sorted(denied, key=lambda it: it[0]) == [
        ("OptOutConfirmations", "sns:Publish", topics),
        ("SendReplyRole", "sns:Publish", topics),
    ]


def test_texts_are_sent_from_no_number_or_pool_but_those_that_an_operator_names():
    pattern = translated()["Parameters"]["SmsOrigins"]["AllowedPattern"]
    number, pool = (f"arn:aws:sms-voice:us-east-1:000000000000:{it}" for it in ("phone-number/phone-0a1b", "pool/pool-0a1b"))
    for good in ("", number, pool, f"{number},{pool}"):
        assert re.fullmatch(pattern, good), good
    for bad in ("*", f"{number},*", "arn:aws:sms-voice:us-east-1:000000000000:pool/*", "arn:aws:sns:us-east-1:000000000000:pool/pool-0a1b", "+12065550142"):
        assert not re.fullmatch(pattern, bad), bad
    for name in ("SendReplyRole", "OptOutConfirmations"):
        sending = [it["Resource"] for of, it in allowing() if of == name and "sms-voice:SendTextMessage" in listed(it["Action"])]
        assert {"Fn::Split": [",", {"Ref": "SmsOrigins"}]} in sending


def test_who_takes_texts_sends_some_only_where_opt_outs_are_self_managed():
    policy = translated()["Resources"]["OptOutConfirmations"]
    assert policy["Condition"] == "HasSelfManagedOptOuts"
    assert translated()["Parameters"]["SelfManagedOptOuts"]["Default"] == "false"
    assert not any({"sns:Publish", "sms-voice:SendTextMessage"} & set(listed(it["Action"])) for name, it in allowing() if name == "InboundSmsRole")


def test_the_site_is_read_by_its_distribution_only_and_by_tls_only():
    site = {it["Sid"]: it for it in statements(translated()["Resources"]["SitePolicy"]["Properties"]["PolicyDocument"])}
    reading = site["OnlyThisDistribution"]
    assert (reading["Action"], reading["Principal"]) == ("s3:GetObject", {"Service": "cloudfront.amazonaws.com"})
    assert "distribution/${Distribution}" in str(reading["Condition"]["StringEquals"]["aws:SourceArn"])
    unsafe = site["OnlyByTls"]
    assert (unsafe["Effect"], unsafe["Principal"], unsafe["Action"]) == ("Deny", "*", "s3:*")
    assert unsafe["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_push_keys_are_read_by_those_who_need_them():
    assert reading({"Fn::GetAtt": ["PushSecret", "Id"]}) == {"PushSubscriptionsRole", "DispatchPushRole"}


def test_what_cloudfront_shows_is_read_by_those_who_demand_it():
    assert reading({"Fn::GetAtt": ["OriginSecret", "Id"]}) == {"AuthorizeRole", "SignInRole"}


def test_how_to_ask_the_issuer_is_read_by_sign_in_only_and_so_is_every_secret_by_those_who_need_it():
    """The wildcards stand for the six characters that Secrets Manager adds to the name."""
    name = ":${AWS::AccountId}:secret:${AWS::StackName}/sign-in-??????"
    own = {"Fn::Sub": f"arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}{name}"}
    assert reading(own) == {"SignInRole"}
    known = [own, *({"Fn::GetAtt": [secret, "Id"]} for secret in ("PushSecret", "OriginSecret"))]
    assert all(resource in known for _, resource in secrets_read())


def reading(secret):
    """Returns the roles that may read a secret."""
    return {name for name, resource in secrets_read() if resource == secret}


def secrets_read():
    for name, statement in allowing():
        if "secretsmanager" in str(statement["Action"]):
            assert statement["Action"] == "secretsmanager:GetSecretValue", name
            yield from ((name, resource) for resource in listed(statement["Resource"]))
