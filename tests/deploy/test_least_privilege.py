"""Each role grants what its function calls, on the resources of these calls, and nothing else."""

import pytest

from adaptations import resolve
from authorisation import covers, listed
from functions_at_work import AT_WORK, World
from recorder import UNSIGNED, access_key
from roles import READS_A_QUEUE, READS_A_STREAM, assert_no_less_and_no_more, calls_of, granted, taken_away
from template import granting, resources

FUNCTIONS = sorted(resources("AWS::Lambda::Function"))

# The parameters of the shared stack that decide what is granted: all have their defaults.
PARAMETERS = {}

READERS = [
    ("InboundSms", "InboundQueue"), ("ConfirmationCall", "CallQueue"), ("DeliveryReceipt", "ReceiptQueue"), ("DispatchPush", "PushRetries"),
]

# The grants (function, action, resource) whose use no test can record, each with the reason.
UNSEEN = {
    ("LiveUpdates", "sqs:SendMessage", "LiveUpdatesFailures"): "Lambda itself hands over what is given up, which MiniStack does not",
    ("DispatchPush", "sqs:SendMessage", "DispatchPushFailures"): "the same",
    **{("Heartbeat", action, "Key"): "Amazon SNS does it for whoever publishes, which MiniStack does not" for action in ("kms:Decrypt", "kms:GenerateDataKey")},
    **{(function, action, queue): "Lambda reads its queue" for function, queue in READERS for action in READS_A_QUEUE},
    **{(function, action, "Table/stream/*"): "Lambda reads the stream" for function in ("LiveUpdates", "DispatchPush") for action in READS_A_STREAM},
}


@pytest.fixture(scope="module")
def world(deployment, issuer, harbor, dana):
    return World(deployment, issuer, harbor, dana)


@pytest.fixture(scope="module")
def everybody_has_worked(world):
    # inbound-sms comes first: it creates the conversations that the others read.
    for function in sorted(AT_WORK, key=lambda name: name != "InboundSms"):
        AT_WORK[function](world)


def test_there_is_work_for_every_function():
    assert sorted(AT_WORK) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_makes_the_calls_that_its_role_grants(deployment, everybody_has_worked, function):
    unseen = {(action, resource) for name, action, resource in UNSEEN if name == function}
    assert_no_less_and_no_more(deployment, function, PARAMETERS, unseen)


def test_every_call_is_some_functions(deployment, everybody_has_worked):
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


KEPT_TO_SOME = [name for name in FUNCTIONS if any(partitions(it) for it in granting(name, PARAMETERS))]


@pytest.mark.parametrize("function", KEPT_TO_SOME)
def test_what_is_granted_of_some_partitions_is_asked_of_all_of_those_and_no_others(deployment, everybody_has_worked, function):
    """Compares the partition keys of the calls with the conditions. MiniStack does not check these."""
    kept = [it for it in granting(function, PARAMETERS) if "dynamodb:" in str(it["Action"])]
    asked = {}
    for call in calls_of(deployment, function):
        for need in call.needs:
            for place, statement in enumerate(kept):
                actions, resource = listed(statement["Action"]), resolve(statement["Resource"], deployment.reference)
                if any(covers((action, resource), need) for action in actions):
                    asked.setdefault(place, set()).update(call.keys)
    assert asked == {place: set(partitions(statement)) for place, statement in enumerate(kept)}


SEEN = [
    pytest.param(function, grant, id=f"{function}-{grant.action}-{grant.name}")
    for function in FUNCTIONS for grant in granted(function, PARAMETERS) if (function, grant.action, grant.name) not in UNSEEN
]


@pytest.mark.parametrize("function, grant", SEEN)
def test_without_a_grant_the_work_fails(deployment, world, everybody_has_worked, function, grant):
    before = len(calls_of(deployment, function))
    with taken_away(deployment, function, grant):
        # A new instance has no caches, so it makes every call again.
        deployment.starts_cold(function)
        with pytest.raises(AssertionError):
            AT_WORK[function](world)
    denied = [call for call in calls_of(deployment, function)[before:] if call.denied]
    assert denied and all(call.names(grant.action) for call in denied), denied
    AT_WORK[function](world)
