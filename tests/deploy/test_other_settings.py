"""A stack with the settings that the others leave out.

It sends opt-out acknowledgements itself, sends only from the origins that it is given, and limits requests by address.
"""

import itertools

import pytest

from authorisation import ACCOUNT, listed, origin
from deadlines import eventually
from deployment import Deployment
from emulator import REGION
from functions_at_work import AT_WORK, World, sms
from people import Company, Customer
from roles import READS_A_QUEUE, assert_no_less_and_no_more, calls_of, granted, taken_away
from seeding import Seeding

# The stack sends from the first line by its number, from the second through the pool. It may not send from the third.
LINE, POOLED, FOREIGN = "+12065550142", "+12065550143", "+12065550144"
POOL = "pool-0a1b"
ORIGINS = [f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:{origin(identity)}" for identity in (LINE, POOL)]
SETTINGS = {"SelfManagedOptOuts": "true", "SmsOrigins": ",".join(ORIGINS), "RequestsPerAddress": "2000"}
CONFIRMATION = "You are unsubscribed from Harbor Dental and will get no more texts. Reply START to resubscribe."
READS_ITS_QUEUE = {(action, "InboundQueue") for action in READS_A_QUEUE}

customers = (f"+1425555{n:04}" for n in itertools.count(3000))


@pytest.fixture(scope="module")
def stack(emulator):
    return Deployment(emulator, "other-settings", **SETTINGS)


@pytest.fixture(scope="module")
def world(stack, issuer):
    seeding = Seeding(stack.emulator.client("dynamodb"), stack.outputs["Table"])
    harbor = Company(stack, seeding, "harbor-dental", "Harbor Dental", "US", LINE)
    harbor.adds_line(POOLED, pool=POOL)
    harbor.adds_line(FOREIGN)
    return World(stack, issuer, harbor, harbor.staff("dana", "Dana Whitfield"))


@pytest.fixture
def maria(stack):
    return Customer(stack, next(customers))


def test_the_portal_is_behind_a_web_acl_that_counts_by_address(stack):
    acl = stack.emulator.client("cloudfront").get_distribution_config(Id=stack.outputs["DistributionId"])["DistributionConfig"]["WebACLId"]
    *_, name, identity = acl.split("/")
    (rule,) = stack.emulator.client("wafv2").get_web_acl(Name=name, Scope="CLOUDFRONT", Id=identity)["WebACL"]["Rules"]
    counted = rule["Statement"]["RateBasedStatement"]
    assert (int(counted["Limit"]), counted["AggregateKeyType"]) == (2000, "IP")


@pytest.mark.parametrize("line, leaves_by", [(LINE, LINE), (POOLED, POOL)])
def test_a_stop_is_confirmed_by_one_text_however_often_it_is_said(stack, world, maria, line, leaves_by):
    maria.texts(line, "STOP")
    eventually(lambda: maria.received() == [CONFIRMATION], "it is confirmed")
    (sent,) = stack.emulator.carriers.sent[maria.number]
    assert (sent["OriginationIdentity"], sent["ConfigurationSetName"]) == (leaves_by, "other-settings-receipts")
    maria.texts(line, "Stop")
    world.dana.sees(maria, "Stop")
    maria.texts(line, "still there?")
    world.dana.sees(maria, "still there?")
    assert maria.received() == [CONFIRMATION]


def test_a_text_from_another_number_is_refused_whoever_sends_it(stack, world, maria):
    maria.texts(FOREIGN, "Is Monday free?")
    conversation = world.dana.sees(maria, "Is Monday free?")["conversation"]
    refused = world.dana.replies(conversation, "It is.")
    assert (refused.status, refused.code()) == (422, "refused"), refused.body
    maria.texts(FOREIGN, "STOP")
    failed = lambda: {it["text"] for it in world.dana.messages(conversation) if it.get("status") == "failed"}
    eventually(lambda: failed() == {"It is.", CONFIRMATION}, "its confirmation is shown to have failed")
    assert maria.received() == []


def test_what_may_be_texted_from_is_what_an_operator_named(stack):
    iam = stack.emulator.client("iam")
    configuration_set = f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:configuration-set/other-settings-receipts"
    for function in ("SendReply", "InboundSms"):
        role = stack.ids[f"{function}Role"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in iam.list_role_policies(RoleName=role)["PolicyNames"]]
        sending = [
            it for document in documents for it in listed(document["Statement"]) if "sms-voice:SendTextMessage" in listed(it["Action"])
        ]
        assert {it["Effect"] for it in sending} == {"Allow"}
        assert {arn for it in sending for arn in listed(it["Resource"])} == {configuration_set, *ORIGINS}, function


def test_both_functions_make_the_calls_that_their_roles_grant_under_these_settings(stack, world):
    before = calls_until_now(stack)
    AT_WORK["InboundSms"](world)
    AT_WORK["SendReply"](world)
    for line in (LINE, POOLED):
        opts_out(world, line)
    assert_no_less_and_no_more(stack, "InboundSms", SETTINGS, READS_ITS_QUEUE, before["InboundSms"])
    assert_no_less_and_no_more(stack, "SendReply", SETTINGS, set(), before["SendReply"])


def calls_until_now(stack):
    return {function: len(calls_of(stack, function)) for function in ("InboundSms", "SendReply")}


TO_CONFIRM = [grant for grant in granted("InboundSms", SETTINGS) if grant.action == "sms-voice:SendTextMessage"]


@pytest.mark.parametrize("grant", TO_CONFIRM, ids=lambda grant: grant.name)
def test_without_a_grant_nothing_is_confirmed(stack, world, grant):
    line = POOLED if POOL in grant.name else LINE
    before = len(calls_of(stack, "InboundSms"))
    with taken_away(stack, "InboundSms", grant):
        assert opts_out(world, line).received() == []
    denied = [call for call in calls_of(stack, "InboundSms")[before:] if call.denied]
    assert denied and all(call.names(grant.action) for call in denied), denied
    assert opts_out(world, line).received() == [CONFIRMATION]


def opts_out(world, line):
    """Returns a new customer who has texted STOP. The acknowledgement is already sent, if there is one."""
    customer = world.customer()
    assert world.delivers(sms(customer.number, line, "STOP")) == 0
    return customer


def test_opt_outs_are_confirmed_by_amazon_sns_where_texts_leave_by_it(stack, world, maria):
    settings = SETTINGS | {"SmsProvider": "SNS", "SmsOrigins": ""}
    before = calls_until_now(stack)
    # `sam deploy` keeps the earlier value of a parameter that is not given.
    stack.deploy(**settings | {"SmsOrigins": '""'})
    maria.texts(FOREIGN, "STOP")
    eventually(lambda: maria.received() == [CONFIRMATION], "it is confirmed")
    assert maria.number not in stack.emulator.carriers.sent
    AT_WORK["InboundSms"](world)
    AT_WORK["SendReply"](world)
    # SNS makes this call with the function's permissions. The emulated SNS does not.
    asked_by_sns = {("sms-voice:SendTextMessage", "*")}
    assert_no_less_and_no_more(stack, "InboundSms", settings, READS_ITS_QUEUE | asked_by_sns, before["InboundSms"])
    assert_no_less_and_no_more(stack, "SendReply", settings, asked_by_sns, before["SendReply"])
