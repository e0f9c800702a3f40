"""An update in place, of a stack of its own so that the others are not disturbed.

The stack has the template's defaults, with a user pool of Cognito. Nobody can sign in here, because the functions
cannot reach it.
"""

import shutil

import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from deployment import BUILT, Deployment
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


def test_an_update_keeps_what_was_said_and_changes_what_was_configured(stack, harbor, dana):
    maria = Customer(stack, "+14255550001")
    maria.texts(harbor.line, "before the update")
    dana.sees(maria, "before the update")
    ids, settings = stack.ids, variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("30", "info")

    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")

    settings = variables(stack)
    assert (settings["SWITCHBOARD_RETENTION_DAYS"], settings["RUST_LOG"]) == ("7", "debug")
    assert stack.ids == ids, "nothing was replaced"
    assert [it["text"] for it in dana.notifications()] == ["before the update"], "what was said is there"
    maria.texts(harbor.line, "after the update")
    shown = dana.sees(maria, "after the update")
    assert dana.replies(shown["conversation"], "and a reply").status == 201
    assert maria.received() == ["and a reply"]
    assert maria.number not in stack.emulator.carriers.sent, "it left by Amazon SNS"


def test_an_update_that_changes_nothing_succeeds(stack):
    stack.deploy(RetentionDays="7", LogLevel="debug", SmsProvider="SNS")
    state = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]
    assert state in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@pytest.fixture
def newer():
    """A build in which one function has different code with the same behaviour, and more memory."""
    template = yaml_parse(BUILT.read_text())
    function = template["Resources"]["FetchConversation"]["Properties"]
    # In the folder of the built template, because paths in it are relative.
    built, code = BUILT.with_name(function["CodeUri"]), BUILT.with_name("newer")
    if built.is_dir():
        shutil.copytree(built, code)
    else:
        shutil.unpack_archive(built, code)
        (code / "bootstrap").chmod(0o755)
    (code / "more").write_text("One more file, and the hash of all is another.")
    function |= {"CodeUri": code.name, "MemorySize": 512}
    path = BUILT.with_name("newer.yaml")
    path.write_text(yaml_dump(template))
    yield path
    path.unlink()
    shutil.rmtree(code)


def test_an_upgrade_runs_the_new_code_and_keeps_what_was_said(stack, harbor, dana, newer):
    sam = Customer(stack, "+14255550002")
    sam.texts(harbor.line, "before the upgrade")
    dana.sees(sam, "before the upgrade")
    ids, code = stack.ids, hashes(stack)

    stack.deploy(newer)

    assert stack.ids == ids, "nothing was replaced"
    changed = {name for name, hashed in hashes(stack).items() if hashed != code[name]}
    assert changed == {"FetchConversation"}
    assert stack.function("FetchConversation")["MemorySize"] == 512
    dana.sees(sam, "before the upgrade")
    sam.texts(harbor.line, "after the upgrade")
    shown = dana.sees(sam, "after the upgrade")
    assert "after the upgrade" in [it["text"] for it in dana.messages(shown["conversation"])], "by the new code"


def hashes(stack):
    return {name: stack.function(name)["CodeSha256"] for name in stack.functions()}


def variables(stack):
    return stack.function("ListNotifications")["Environment"]["Variables"]


def test_an_issuer_out_of_reach_is_told_to_staff_and_in_the_log(stack):
    begun = Staff(stack).gets("/api/sign-in")
    assert (begun.status, begun.headers["location"]) == (303, "/sign-in.html#unavailable")
    assert "the issuer cannot be asked what it is" in log_of(stack)
