"""Each role grants what its function calls, on the resources of these calls, and nothing else."""

import pytest

from adaptations import resolve
from authorisation import as_list, covers
from exercises import EXERCISES, World
from recorder import UNSIGNED, access_key
from roles import QUEUE_READER_ACTIONS, STREAM_READER_ACTIONS, assert_grants_match_calls, calls_of, grants_of, revoked
from template import granted_statements, resources

FUNCTIONS = sorted(resources("AWS::Lambda::Function"))

# The parameters of the shared stack that decide what is granted: all have their defaults.
PARAMETERS = {}

QUEUE_READERS = [
    ("InboundSms", "InboundQueue"), ("ConfirmationCall", "CallQueue"), ("DeliveryReceipt", "ReceiptQueue"), ("DispatchPush", "PushRetries"),
]

# The grants (function, action, resource) whose use no test can record, each with the reason.
UNRECORDED_GRANTS = {
    ("LiveUpdates", "sqs:SendMessage", "LiveUpdatesFailures"): "Lambda sends failed records to the failure queue; MiniStack does not",
    ("DispatchPush", "sqs:SendMessage", "DispatchPushFailures"): "Lambda sends failed records to the failure queue; MiniStack does not",
    **{
        ("Heartbeat", action, "Key"): "Amazon SNS uses the key with the publisher's role; MiniStack does not"
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    },
    **{
        (function, action, queue): "Lambda reads the queue with this role; MiniStack reads it without"
        for function, queue in QUEUE_READERS for action in QUEUE_READER_ACTIONS
    },
    **{
        (function, action, "Table/stream/*"): "Lambda reads the stream with this role; MiniStack reads it without"
        for function in ("LiveUpdates", "DispatchPush") for action in STREAM_READER_ACTIONS
    },
}


@pytest.fixture(scope="module")
def world(deployment, issuer, harbor, dana):
    return World(deployment, issuer, harbor, dana)


@pytest.fixture(scope="module")
def exercised(world):
    # inbound-sms comes first: it creates the conversations that the others read.
    for function in sorted(EXERCISES, key=lambda name: name != "InboundSms"):
        EXERCISES[function](world)


def test_every_function_has_an_exercise():
    assert sorted(EXERCISES) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_makes_the_calls_that_its_role_grants(deployment, exercised, function):
    unrecorded = {(action, resource) for name, action, resource in UNRECORDED_GRANTS if name == function}
    assert_grants_match_calls(deployment, function, PARAMETERS, unrecorded)


def test_every_call_belongs_to_a_function(deployment, exercised):
    """A call under an unknown key would be missed by the tests above."""
    emulator = deployment.emulator
    pages = emulator.client("lambda").get_paginator("list_functions").paginate()
    known = {access_key(it["FunctionArn"], it["Role"]) for page in pages for it in page["Functions"]}
    # An unsigned request only opens a connection while a function starts. It is authorised for nothing.
    assert {call.key for call in emulator.recorder.calls} - {UNSIGNED} <= known


LEADING_KEYS = "dynamodb:LeadingKeys"


def partitions(statement):
    """Returns the partition keys to which a statement is limited, or `None` if it has no limit."""
    return statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get(LEADING_KEYS)


PARTITION_LIMITED = [name for name in FUNCTIONS if any(partitions(it) for it in granted_statements(name, PARAMETERS))]


@pytest.mark.parametrize("function", PARTITION_LIMITED)
def test_calls_use_exactly_the_partitions_that_their_grant_is_limited_to(deployment, exercised, function):
    """Compares the partition keys of the calls with the conditions. MiniStack does not check these."""
    kept = [it for it in granted_statements(function, PARAMETERS) if "dynamodb:" in str(it["Action"])]
    asked = {}
    for call in calls_of(deployment, function):
        for need in call.needs:
            for place, statement in enumerate(kept):
                actions, resource = as_list(statement["Action"]), resolve(statement["Resource"], deployment.resolve_reference)
                if any(covers((action, resource), need) for action in actions):
                    asked.setdefault(place, set()).update(call.keys)
    assert asked == {place: set(partitions(statement)) for place, statement in enumerate(kept)}


RECORDED_GRANTS = [
    pytest.param(function, grant, id=f"{function}-{grant.action}-{grant.name}")
    for function in FUNCTIONS for grant in grants_of(function, PARAMETERS) if (function, grant.action, grant.name) not in UNRECORDED_GRANTS
]


@pytest.mark.parametrize("function, grant", RECORDED_GRANTS)
def test_without_a_grant_the_exercise_fails(deployment, world, exercised, function, grant):
    before = len(calls_of(deployment, function))
    with revoked(deployment, function, grant):
        # A new instance has no caches, so it makes every call again.
        deployment.restart_function(function)
        with pytest.raises(AssertionError):
            EXERCISES[function](world)
    denied = [call for call in calls_of(deployment, function)[before:] if call.denied]
    assert denied and all(call.mentions(grant.action) for call in denied), denied
    EXERCISES[function](world)
