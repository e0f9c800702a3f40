"""A stack with the settings that the others leave out.

It sends opt-out acknowledgements itself, sends only from the origins that it is given, and limits requests by address.
"""

import itertools

import pytest

from authorisation import ACCOUNT, as_list, origin_resource
from deployment import Deployment
from emulator import REGION
from exercises import EXERCISES, World, sms
from people import Company, Customer
from polling import eventually
from roles import QUEUE_READER_ACTIONS, assert_grants_match_calls, calls_of, grants_of, revoked
from seeding import Seeding

# The stack sends from the first line by its number, from the second through the pool. It may not send from the third.
LINE, POOLED, FOREIGN = "+12065550142", "+12065550143", "+12065550144"
POOL = "pool-0a1b"
ORIGINS = [f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:{origin_resource(identity)}" for identity in (LINE, POOL)]
SETTINGS = {"SelfManagedOptOuts": "true", "SmsOrigins": ",".join(ORIGINS), "RequestsPerAddress": "2000"}
ACKNOWLEDGEMENT = "You are unsubscribed from Harbor Dental and will get no more texts. Reply START to resubscribe."
ITS_QUEUE_GRANTS = {(action, "InboundQueue") for action in QUEUE_READER_ACTIONS}

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


def test_the_portal_has_a_web_acl_that_counts_requests_by_address(stack):
    acl = stack.emulator.client("cloudfront").get_distribution_config(Id=stack.outputs["DistributionId"])["DistributionConfig"]["WebACLId"]
    *_, name, identity = acl.split("/")
    (rule,) = stack.emulator.client("wafv2").get_web_acl(Name=name, Scope="CLOUDFRONT", Id=identity)["WebACL"]["Rules"]
    counted = rule["Statement"]["RateBasedStatement"]
    assert (int(counted["Limit"]), counted["AggregateKeyType"]) == (2000, "IP")


@pytest.mark.parametrize("line, leaves_by", [(LINE, LINE), (POOLED, POOL)])
def test_repeated_stops_get_one_acknowledgement(stack, world, maria, line, leaves_by):
    maria.texts(line, "STOP")
    eventually(lambda: maria.received() == [ACKNOWLEDGEMENT], "the acknowledgement is sent")
    (sent,) = stack.emulator.sms_service.sent[maria.number]
    assert (sent["OriginationIdentity"], sent["ConfigurationSetName"]) == (leaves_by, "other-settings-receipts")
    maria.texts(line, "Stop")
    world.dana.sees(maria, "Stop")
    maria.texts(line, "still there?")
    world.dana.sees(maria, "still there?")
    assert maria.received() == [ACKNOWLEDGEMENT]


def test_messages_from_another_number_are_rejected(stack, world, maria):
    maria.texts(FOREIGN, "Is Monday free?")
    conversation = world.dana.sees(maria, "Is Monday free?")["conversation"]
    refused = world.dana.replies(conversation, "It is.")
    assert (refused.status, refused.code()) == (422, "refused"), refused.body
    maria.texts(FOREIGN, "STOP")
    failed = lambda: {it["text"] for it in world.dana.messages(conversation) if it.get("status") == "failed"}
    eventually(lambda: failed() == {"It is.", ACKNOWLEDGEMENT}, "the reply and the acknowledgement are shown as failed")
    assert maria.received() == []


def test_roles_may_send_from_the_operators_origins_only(stack):
    iam = stack.emulator.client("iam")
    configuration_set = f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:configuration-set/other-settings-receipts"
    for function in ("SendReply", "InboundSms"):
        role = stack.ids[f"{function}Role"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in iam.list_role_policies(RoleName=role)["PolicyNames"]]
        sending = [
            it for document in documents for it in as_list(document["Statement"]) if "sms-voice:SendTextMessage" in as_list(it["Action"])
        ]
        assert {it["Effect"] for it in sending} == {"Allow"}
        assert {arn for it in sending for arn in as_list(it["Resource"])} == {configuration_set, *ORIGINS}, function


def test_both_functions_make_the_calls_that_their_roles_grant_under_these_settings(stack, world):
    before = call_counts(stack)
    EXERCISES["InboundSms"](world)
    EXERCISES["SendReply"](world)
    for line in (LINE, POOLED):
        customer_who_opted_out(world, line)
    assert_grants_match_calls(stack, "InboundSms", SETTINGS, ITS_QUEUE_GRANTS, before["InboundSms"])
    assert_grants_match_calls(stack, "SendReply", SETTINGS, set(), before["SendReply"])


def call_counts(stack):
    return {function: len(calls_of(stack, function)) for function in ("InboundSms", "SendReply")}


ACKNOWLEDGEMENT_GRANTS = [grant for grant in grants_of("InboundSms", SETTINGS) if grant.action == "sms-voice:SendTextMessage"]


@pytest.mark.parametrize("grant", ACKNOWLEDGEMENT_GRANTS, ids=lambda grant: grant.name)
def test_without_a_grant_no_acknowledgement_is_sent(stack, world, grant):
    line = POOLED if POOL in grant.name else LINE
    before = len(calls_of(stack, "InboundSms"))
    with revoked(stack, "InboundSms", grant):
        assert customer_who_opted_out(world, line).received() == []
    denied = [call for call in calls_of(stack, "InboundSms")[before:] if call.denied]
    assert denied and all(call.mentions(grant.action) for call in denied), denied
    assert customer_who_opted_out(world, line).received() == [ACKNOWLEDGEMENT]


def customer_who_opted_out(world, line):
    """Returns a new customer who has texted STOP. The acknowledgement is already sent, if there is one."""
    customer = world.new_customer()
    assert world.deliver(sms(customer.number, line, "STOP")) == 0
    return customer


def test_acknowledgements_are_sent_by_sns_if_sns_is_the_provider(stack, world, maria):
    settings = SETTINGS | {"SmsProvider": "SNS", "SmsOrigins": ""}
    before = call_counts(stack)
    # `sam deploy` keeps the earlier value of a parameter that is not given.
    stack.deploy(**settings | {"SmsOrigins": '""'})
    maria.texts(FOREIGN, "STOP")
    eventually(lambda: maria.received() == [ACKNOWLEDGEMENT], "the acknowledgement is sent")
    assert maria.number not in stack.emulator.sms_service.sent
    EXERCISES["InboundSms"](world)
    EXERCISES["SendReply"](world)
    # SNS makes this call with the function's permissions. The emulated SNS does not.
    asked_by_sns = {("sms-voice:SendTextMessage", "*")}
    assert_grants_match_calls(stack, "InboundSms", settings, ITS_QUEUE_GRANTS | asked_by_sns, before["InboundSms"])
    assert_grants_match_calls(stack, "SendReply", settings, asked_by_sns, before["SendReply"])
