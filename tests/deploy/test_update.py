"""An update of the stack in place, on a stack of its own: the others go on undisturbed.

It is deployed as the template says by itself: with a user pool of Cognito, which nobody can sign in
at here, since the functions cannot reach it.
"""

import pytest

from deployment import Deployment
from logs import log_of
from people import Company, Customer, Staff
from seeding import Seeding


@pytest.fixture(scope="module")
def stack(emulator):
    return Deployment(emulator, "updated")


def test_an_update_keeps_what_was_said_and_changes_what_was_configured(stack):
    seeding = Seeding(stack.emulator.client("dynamodb"), stack.outputs["Table"])
    harbor = Company(stack, seeding, "harbor-dental", "Harbor Dental", "US", "+12065550142")
    dana = harbor.staff("dana", "Dana Whitfield")
    maria = Customer(stack, "+14255550001")
    maria.texts(harbor.line, "before the update")
    dana.sees(maria, "before the update")
    ids, settings = stack.ids, variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("30", "info")

    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")

    settings = variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("7", "debug")
    assert stack.ids == ids, "nothing was replaced"
    assert [it["text"] for it in dana.notifications()] == ["before the update"]
    maria.texts(harbor.line, "after the update")
    shown = dana.sees(maria, "after the update")
    assert dana.replies(shown["conversation"], "and a reply").status == 201
    assert maria.received() == ["and a reply"]
    assert maria.number not in stack.emulator.carriers.sent, "it left by Amazon SNS"


def test_an_update_that_changes_nothing_succeeds(stack):
    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")
    state = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]
    assert state in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def variables(stack):
    return stack.function("ListNotifications")["Environment"]["Variables"]


def test_an_issuer_out_of_reach_is_told_to_staff_and_in_the_log(stack):
    begun = Staff(stack).gets("/api/sign-in")
    assert (begun.status, begun.headers["location"]) == (303, "/sign-in.html#unavailable")
    assert "the issuer cannot be asked what it is" in log_of(stack)
