"""A role grants what its function calls: no less, and no more."""

import json
from contextlib import contextmanager

import pytest

from functions_at_work import AT_WORK, World
from recorder import AUTHORISED_AS, UNSIGNED, access_key
from template import listed, own_statements, resources

FUNCTIONS = sorted(resources("AWS::Lambda::Function"))

# What Lambda itself does in a function's name, which MiniStack does without its role: reading what the function is given.
READS_A_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
READS_A_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")

# (function, action) that no journey can be seen to make: each with the reason why.
UNSEEN = {
    ("LiveUpdates", "sqs:SendMessage"): "Lambda itself hands over what is given up, which MiniStack does not",
    **{(function, action): "Lambda reads its queue" for function in ("InboundSms", "ConfirmationCall", "DeliveryReceipt", "DispatchPush") for action in READS_A_QUEUE},
    **{(function, action): "Lambda reads the stream" for function in ("LiveUpdates", "DispatchPush") for action in READS_A_STREAM},
}


@pytest.fixture(scope="module")
def world(deployment, issuer, harbor, dana):
    return World(deployment, issuer, harbor, dana)


@pytest.fixture(scope="module")
def everybody_has_worked(world):
    # First those who make what the others look at.
    for function in sorted(AT_WORK, key=lambda name: name != "InboundSms"):
        AT_WORK[function](world)


def granted(function):
    allowing = [it for it in own_statements(function) if it["Effect"] == "Allow"]
    return {action for statement in allowing for action in listed(statement["Action"])}


def calls_of(deployment, function):
    configuration = deployment.function(function)
    key = access_key(configuration["FunctionArn"], configuration["Role"])
    return [call for call in deployment.emulator.recorder.calls if call.key == key]


def test_there_is_work_for_every_function():
    assert sorted(AT_WORK) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_makes_the_calls_that_its_role_grants(deployment, everybody_has_worked, function):
    seen = {action for call in calls_of(deployment, function) for action in call.actions}
    unseen = {action for name, action in UNSEEN if name == function}
    assert seen | unseen == granted(function)
    assert not seen & unseen, "what is seen needs no reason"


def test_every_call_is_some_functions(deployment, everybody_has_worked):
    """Else a call could be missed above."""
    emulator = deployment.emulator
    pages = emulator.client("lambda").get_paginator("list_functions").paginate()
    known = {access_key(it["FunctionArn"], it["Role"]) for page in pages for it in page["Functions"]}
    # Unsigned is what only opens a connection while a function starts: it has no authority to do anything.
    assert {call.key for call in emulator.recorder.calls} - {UNSIGNED} <= known


SEEN = [(name, action) for name in FUNCTIONS for action in sorted(granted(name)) if (name, action) not in UNSEEN]


@pytest.mark.parametrize("function, action", SEEN)
def test_without_an_action_the_work_fails(deployment, world, everybody_has_worked, function, action):
    before = len(calls_of(deployment, function))
    with taken_away(deployment, function, action):
        # What an instance has been told once, it need not ask for.
        deployment.starts_cold(function)
        with pytest.raises(AssertionError):
            AT_WORK[function](world)
    denied = [call for call in calls_of(deployment, function)[before:] if call.denied]
    assert denied and all(call.names(action) for call in denied), denied
    AT_WORK[function](world)


@contextmanager
def taken_away(deployment, function, action):
    iam = deployment.emulator.client("iam")
    role = deployment.ids[f"{function}Role"]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    try:
        for name, document in policies.items():
            put(iam, role, name, document | {"Statement": list(without(listed(document["Statement"]), action))})
        yield
    finally:
        for name, document in policies.items():
            put(iam, role, name, document)


def without(statements, action):
    for statement in statements:
        left = [
            one for one in listed(statement["Action"])
            if AUTHORISED_AS.get(one, one) != action or statement["Effect"] == "Deny"
        ]
        if left:
            yield statement | {"Action": left}


def put(iam, role, name, document):
    if document["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
