"""An update in place, of a stack of its own so that the others are not disturbed.

The stack has the template's defaults, with a user pool of Cognito. Nobody can sign in here, because the functions
cannot reach it.
"""

import shutil

import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from deployment import BUILT_TEMPLATE, Deployment
from logs import log_of
from people import Company, Customer, Staff
from seeding import Seeding


@pytest.fixture(scope="module")
def stack(emulator):
    return Deployment(emulator, "updated")


@pytest.fixture(scope="module")
def harbor(stack):
    seeding = Seeding(stack.emulator.client("dynamodb"), stack.outputs["Table"])
    return Company(stack, seeding, "harbor-dental", "Harbor Dental", "US", "+12065550142")


@pytest.fixture(scope="module")
def dana(harbor):
    return harbor.staff("dana", "Dana Whitfield")


def test_an_update_keeps_messages_and_changes_settings(stack, harbor, dana):
    maria = Customer(stack, "+14255550001")
    maria.texts(harbor.line, "before the update")
    dana.sees(maria, "before the update")
    ids, settings = stack.ids, environment_variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("30", "info")

    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")

    settings = environment_variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("7", "debug")
    assert stack.ids == ids, "no resource should be replaced"
    assert [it["text"] for it in dana.notifications()] == ["before the update"], "the earlier message should still be shown"
    maria.texts(harbor.line, "after the update")
    shown = dana.sees(maria, "after the update")
    assert dana.replies(shown["conversation"], "and a reply").status == 201
    assert maria.received() == ["and a reply"]
    assert maria.number not in stack.emulator.sms_service.sent, "Amazon SNS should have sent the reply"


def test_an_update_that_changes_nothing_succeeds(stack):
    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")
    state = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]
    assert state in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@pytest.fixture
def newer_build():
    """A build in which one function has different code with the same behaviour, and more memory."""
    template = yaml_parse(BUILT_TEMPLATE.read_text())
    function = template["Resources"]["FetchConversation"]["Properties"]
    # In the folder of the built template, because paths in it are relative.
    built, code = BUILT_TEMPLATE.with_name(function["CodeUri"]), BUILT_TEMPLATE.with_name("newer")
    if built.is_dir():
        shutil.copytree(built, code)
    else:
        shutil.unpack_archive(built, code)
        (code / "bootstrap").chmod(0o755)
    (code / "more").write_text("One more file, and the hash of all is another.")
    function |= {"CodeUri": code.name, "MemorySize": 512}
    path = BUILT_TEMPLATE.with_name("newer.yaml")
    path.write_text(yaml_dump(template))
    yield path
    path.unlink()
    shutil.rmtree(code)


def test_an_upgrade_runs_the_new_code_and_keeps_messages(stack, harbor, dana, newer_build):
    sam = Customer(stack, "+14255550002")
    sam.texts(harbor.line, "before the upgrade")
    dana.sees(sam, "before the upgrade")
    ids, code = stack.ids, code_hashes(stack)

    stack.deploy(newer_build)

    assert stack.ids == ids, "no resource should be replaced"
    changed = {name for name, hashed in code_hashes(stack).items() if hashed != code[name]}
    assert changed == {"FetchConversation"}
    assert stack.function("FetchConversation")["MemorySize"] == 512
    dana.sees(sam, "before the upgrade")
    sam.texts(harbor.line, "after the upgrade")
    shown = dana.sees(sam, "after the upgrade")
    assert "after the upgrade" in [it["text"] for it in dana.messages(shown["conversation"])], "the new code should read the new message"


def code_hashes(stack):
    return {name: stack.function(name)["CodeSha256"] for name in stack.function_names()}


def environment_variables(stack):
    return stack.function("ListNotifications")["Environment"]["Variables"]


def test_an_unreachable_issuer_is_shown_to_staff_and_logged(stack):
    begun = Staff(stack).gets("/api/sign-in")
    assert (begun.status, begun.headers["location"]) == (303, "/sign-in.html#unavailable")
    assert "the issuer cannot be asked what it is" in log_of(stack)
