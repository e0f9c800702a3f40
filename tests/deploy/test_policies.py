"""Who may do what, asserted on the translated template. Scanners miss some of it."""

import re

import pytest

from template import as_list, policies, resources, statements, translated

# (role or resource, action) with the resource `*`, each with the reason.
WILDCARD_RESOURCES = {
    ("SendReplyRole", "sns:Publish"): "a phone number is no resource; a second statement denies every topic",
    ("SendReplyRole", "sms-voice:SendTextMessage"): "operators add lines after the deployment",
    ("OptOutConfirmations", "sms-voice:SendTextMessage"): "operators add lines after the deployment",
    ("OptOutConfirmations", "sns:Publish"): "a phone number is no resource; a second statement denies every topic",
    ("EditAppointmentRole", "sms-voice:CarrierLookup"): "a customer's phone number is no resource",
    ("HeartbeatRole", "sms-voice:DescribePhoneNumbers"): "it lists all numbers of the account",
    ("Key", "kms:*"): "a key policy applies to its key only, and its resource is always *",
    ("Key", "kms:Decrypt"): "a key policy applies to its key only, and its resource is always *",
    ("Key", "kms:GenerateDataKey*"): "a key policy applies to its key only, and its resource is always *",
}

# (role or resource, action) with a wildcard in the action, each with the reason.
WILDCARD_ACTIONS = {
    ("Key", "kms:*"): "AWS's default statement: without it the account could lose access to the key",
    ("Key", "kms:GenerateDataKey*"): "AWS documents it for services that publish to an encrypted topic",
}

# Managed policies for what Lambda itself does with a function's role, in every function. These calls are not in the
# function's code, and AWS maintains the policies.
PLATFORM_POLICIES = {
    "AWSLambdaBasicExecutionRole": "writes the function's log",
    "AWSXrayWriteOnlyAccess": "Lambda's own agent sends the function's trace",
}


def roles():
    return resources("AWS::IAM::Role")


def policy_documents():
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


def all_statements():
    for name, document in policy_documents():
        for statement in statements(document):
            yield name, statement


def allow_statements():
    for name, statement in all_statements():
        if statement["Effect"] == "Allow":
            yield name, statement


def test_the_template_has_policies_to_check():
    assert len(list(all_statements())) >= 10


def test_no_action_is_a_wildcard():
    for name, statement in allow_statements():
        assert "NotAction" not in statement, name
        for action in as_list(statement["Action"]):
            wild = "*" in action or "?" in action
            assert not wild or (name, action) in WILDCARD_ACTIONS, f"{name} allows {action}"


def test_no_resource_is_a_wildcard_without_a_reason():
    for name, statement in allow_statements():
        assert "NotResource" not in statement, name
        for resource in as_list(statement["Resource"]):
            if not is_wildcard(resource):
                continue
            for action in as_list(statement["Action"]):
                assert (name, action) in WILDCARD_RESOURCES, f"{name} allows {action} on {resource}"


def test_every_reason_is_needed():
    allowed = {(name, action) for name, statement in allow_statements() for action in as_list(statement["Action"])}
    assert set(WILDCARD_ACTIONS) <= allowed
    granted = {
        (name, action)
        for name, statement in allow_statements()
        if any(is_wildcard(resource) for resource in as_list(statement["Resource"]))
        for action in as_list(statement["Action"])
    }
    assert granted == set(WILDCARD_RESOURCES)


def is_wildcard(resource):
    """Returns whether a resource name has only wildcards and types.

    Examples: `*`, `arn:aws:sns:*:*:*`, `arn:aws:sqs:*:*:queue/*`.
    """
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        resource = as_list(resource["Fn::Sub"])[0]
    if isinstance(resource, dict):
        if resource == {"Fn::Split": [",", {"Ref": "SmsOrigins"}]}:
            # A list of ARNs without wildcards: the parameter's pattern allows none.
            return False
        assert set(resource) <= {"Ref", "Fn::GetAtt"}, f"{resource} cannot be checked: write it with Fn::Sub"
        return False
    # The account and the region do not limit the resource.
    resource = re.sub(r"\$\{AWS::(Partition|Region|AccountId)\}", "x", resource)
    if resource.startswith("${"):
        return False
    named = resource.split(":", 5)[-1]
    return ("*" in named or "?" in named) and "${" not in named


def test_a_wildcard_resource_is_recognised_in_every_spelling():
    for wildcard in (
        "*", "arn:aws:sns:*:*:*", {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:*:*:table/*"},
        {"Fn::Sub": ["arn:aws:sqs:${Region}:*:*", {"Region": "x"}]}, "arn:aws:s3:::*",
        {"Fn::Sub": "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:pool/*"},
    ):
        assert is_wildcard(wildcard), wildcard
    for named in (
        {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::Sub": "${Table.Arn}/stream/*"}, {"Fn::Sub": "arn:aws:execute-api:x:y:${LiveApi}/live/*"},
    ):
        assert not is_wildcard(named), named


def test_no_principal_is_open():
    for name, statement in allow_statements():
        assert "NotPrincipal" not in statement, name
        principal = statement.get("Principal", {})
        assert principal != "*", f"{name} allows every principal"
        for kind, who in principal.items():
            for one in as_list(who):
                assert one != "*", f"{name} allows every principal of type {kind}"


def test_a_service_may_act_for_this_account_only():
    """Without a condition, a service could act for any of its customers on our resources."""
    for name, statement in allow_statements():
        if "Service" in statement.get("Principal", {}):
            conditions = {key for condition in statement.get("Condition", {}).values() for key in condition}
            assert conditions & {"aws:SourceArn", "aws:SourceAccount"}, name


@pytest.mark.parametrize("topic", ["Inbound", "Receipt"])
def test_only_this_accounts_sms_service_may_publish_to_the_topics(topic):
    (statement,) = statements(translated()["Resources"][f"{topic}TopicPolicy"]["Properties"]["PolicyDocument"])
    assert statement["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    conditions = {key for condition in statement["Condition"].values() for key in condition}
    assert conditions == {"aws:SourceAccount", "aws:SourceArn"}


def test_only_its_rule_may_send_to_the_queue_of_calls():
    (statement,) = statements(translated()["Resources"]["CallQueuePolicy"]["Properties"]["PolicyDocument"])
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Fn::GetAtt": ["CallEvents", "Arn"]}}


def test_every_function_has_a_role_of_its_own():
    used = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in resources("AWS::Lambda::Function").values()]
    assert len(used) == len(set(used))


def test_roles_are_assumed_by_lambda_and_have_no_managed_policy_but_the_platforms():
    for name, role in roles().items():
        trusted = {
            one
            for statement in statements(role["Properties"]["AssumeRolePolicyDocument"])
            for one in as_list(statement["Principal"]["Service"])
        }
        assert trusted == {"lambda.amazonaws.com"}, name
        for arn in role["Properties"].get("ManagedPolicyArns", []):
            assert str(arn).rsplit("/", 1)[-1].rstrip("'}") in PLATFORM_POLICIES, f"{name} has the managed policy {arn}"


def test_a_function_may_read_its_own_queue_and_stream_only():
    readable = {}
    for name, statement in allow_statements():
        if {"sqs:ReceiveMessage", "dynamodb:GetRecords"} & set(as_list(statement["Action"])):
            readable.setdefault(name.removesuffix("Role"), []).append(statement["Resource"])
    read = {}
    for mapping in resources("AWS::Lambda::EventSourceMapping").values():
        source, attribute = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"]
        queue = {"Fn::GetAtt": [source, "Arn"]}
        arn = {"Fn::Sub": f"${{{source}.Arn}}/stream/*"} if attribute == "StreamArn" else queue
        read.setdefault(mapping["Properties"]["FunctionName"]["Ref"], []).append(arn)
    ordered = lambda by_name: {name: sorted(map(str, arns)) for name, arns in by_name.items()}
    assert ordered(readable) == ordered(read)


def test_functions_that_send_may_publish_to_no_topic():
    denied = [(name, it["Action"], it["Resource"]) for name, it in all_statements() if it["Effect"] == "Deny" and it["Action"] == "sns:Publish"]
    topics = {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}
    assert sorted(denied, key=lambda it: it[0]) == [
        ("OptOutConfirmations", "sns:Publish", topics),
        ("SendReplyRole", "sns:Publish", topics),
    ]


def test_messages_are_sent_from_the_operators_origins_only():
    pattern = translated()["Parameters"]["SmsOrigins"]["AllowedPattern"]
    number, pool = (f"arn:aws:sms-voice:us-east-1:000000000000:{it}" for it in ("phone-number/phone-0a1b", "pool/pool-0a1b"))
    for good in ("", number, pool, f"{number},{pool}"):
        assert re.fullmatch(pattern, good), good
    for bad in ("*", f"{number},*", "arn:aws:sms-voice:us-east-1:000000000000:pool/*", "arn:aws:sns:us-east-1:000000000000:pool/pool-0a1b", "+12065550142"):
        assert not re.fullmatch(pattern, bad), bad
    for name in ("SendReplyRole", "OptOutConfirmations"):
        sending = [it["Resource"] for of, it in allow_statements() if of == name and "sms-voice:SendTextMessage" in as_list(it["Action"])]
        assert {"Fn::Split": [",", {"Ref": "SmsOrigins"}]} in sending


def test_inbound_sms_may_send_only_if_opt_outs_are_self_managed():
    policy = translated()["Resources"]["OptOutConfirmations"]
    assert policy["Condition"] == "HasSelfManagedOptOuts"
    assert translated()["Parameters"]["SelfManagedOptOuts"]["Default"] == "false"
    assert not any({"sns:Publish", "sms-voice:SendTextMessage"} & set(as_list(it["Action"])) for name, it in allow_statements() if name == "InboundSmsRole")


def test_only_its_distribution_reads_the_site_and_only_over_tls():
    site = {it["Sid"]: it for it in statements(translated()["Resources"]["SitePolicy"]["Properties"]["PolicyDocument"])}
    roles_reading = site["OnlyThisDistribution"]
    assert (roles_reading["Action"], roles_reading["Principal"]) == ("s3:GetObject", {"Service": "cloudfront.amazonaws.com"})
    assert "distribution/${Distribution}" in str(roles_reading["Condition"]["StringEquals"]["aws:SourceArn"])
    unsafe = site["OnlyByTls"]
    assert (unsafe["Effect"], unsafe["Principal"], unsafe["Action"]) == ("Deny", "*", "s3:*")
    assert unsafe["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_push_keys_are_readable_by_the_functions_that_use_them_only():
    assert roles_reading({"Fn::GetAtt": ["PushSecret", "Id"]}) == {"PushSubscriptionsRole", "DispatchPushRole"}


def test_the_origin_secret_is_readable_by_the_functions_that_check_it_only():
    assert roles_reading({"Fn::GetAtt": ["OriginSecret", "Id"]}) == {"AuthorizeRole", "SignInRole"}


def test_the_sign_in_secret_is_readable_by_sign_in_only_and_no_secret_is_unaccounted_for():
    """The wildcards stand for the six characters that Secrets Manager adds to the name."""
    name = ":${AWS::AccountId}:secret:${AWS::StackName}/sign-in-??????"
    own = {"Fn::Sub": f"arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}{name}"}
    assert roles_reading(own) == {"SignInRole"}
    known = [own, *({"Fn::GetAtt": [secret, "Id"]} for secret in ("PushSecret", "OriginSecret"))]
    assert all(resource in known for _, resource in secret_readers())


def roles_reading(secret):
    """Returns the roles that may read a secret."""
    return {name for name, resource in secret_readers() if resource == secret}


def secret_readers():
    for name, statement in allow_statements():
        if "secretsmanager" in str(statement["Action"]):
            assert statement["Action"] == "secretsmanager:GetSecretValue", name
            yield from ((name, resource) for resource in as_list(statement["Resource"]))
