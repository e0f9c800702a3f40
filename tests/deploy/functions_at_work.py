"""For each function, what somebody does that takes every call that its role grants.

Each fails if the function does. A function of the template that is missing here fails the tests
that go through them.
"""

import itertools
import json
import secrets
import time
from dataclasses import dataclass

from calls import Call
from deployment import Deployment
from issuer import Issuer
from people import Company, Customer, Staff

FRESH_LINES = (f"+1206555{n:04}" for n in itertools.count(1000))
FRESH_CUSTOMERS = (f"+1425555{n:04}" for n in itertools.count(1000))


@dataclass
class World:
    deployment: Deployment
    issuer: Issuer
    harbor: Company
    dana: Staff

    def customer(self):
        return Customer(self.deployment, next(FRESH_CUSTOMERS))

    def delivers(self, *texts):
        """Hands texts to inbound-sms, as the queue does. Gives how many failed."""
        records = [
            {
                "messageId": secrets.token_hex(8),
                "body": json.dumps({"Type": "Notification", "Timestamp": now(), "Message": json.dumps(text)}),
                "attributes": {"SentTimestamp": str(int(time.time() * 1000))},
                "eventSource": "aws:sqs",
            }
            for text in texts
        ]
        answer = self.deployment.invokes("InboundSms", {"Records": records})
        return len(answer["batchItemFailures"])

    def conversation(self):
        """One that nobody has written in but the customer: no instance of a function knows it."""
        customer = self.customer()
        assert self.delivers(sms(customer.number, self.harbor.line, "hello")) == 0
        return self.dana.conversation_with(customer.number)["conversation"]


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def sms(customer, line, text):
    return {
        "originationNumber": customer,
        "destinationNumber": line,
        "messageBody": text,
        "inboundMessageId": secrets.token_hex(16),
    }


def somebody_signed_in_comes_back(world):
    fresh = world.harbor.staff("priya", "Priya Natarajan")
    assert fresh.gets("/api/session").status == 200


def a_text_comes_to_a_line_that_was_not_used_lately(world):
    line = next(FRESH_LINES)
    world.harbor.adds_line(line)
    assert world.delivers(sms(world.customer().number, line, "first"), sms(world.customer().number, line, "second")) == 0


def a_customer_confirms_by_phone(world):
    customer = world.customer().number
    appointment = world.harbor.books(customer)
    call = Call(world.harbor.line, customer, appointment)
    assert world.deployment.invokes("ConfirmationCall", call.pressed("1")) == {"result": "confirmed"}
    assert world.harbor.status_of(appointment) == "confirmed"


def staff_look_at_the_dashboard(world):
    assert world.dana.gets("/api/notifications").items()


def staff_look_at_the_inbox(world):
    assert world.dana.gets("/api/conversations").items()


def staff_read_a_conversation_to_its_beginning(world):
    path = f"/api/conversations/{world.conversation()}/messages"
    oldest = world.dana.gets(path).items()[-1]["id"]
    assert world.dana.gets(f"{path}?before={oldest}").items() == []


def staff_reply_and_write_first(world):
    assert world.dana.replies(world.conversation(), "a reply").status == 201
    assert world.dana.writes_first(world.customer().number, "a first message").status == 201


def somebody_signs_in_and_out(world):
    email = world.harbor.employs("marcus", "Marcus Bell")
    marcus = Staff(world.deployment)
    assert marcus.signs_in(world.issuer, email) == "/messages.html"
    assert marcus.gets("/api/session").json()["name"] == "Marcus Bell"
    assert marcus.posts("/api/sign-out", {}).status == 303


AT_WORK = {
    "Authorize": somebody_signed_in_comes_back,
    "ConfirmationCall": a_customer_confirms_by_phone,
    "InboundSms": a_text_comes_to_a_line_that_was_not_used_lately,
    "ListNotifications": staff_look_at_the_dashboard,
    "ListConversations": staff_look_at_the_inbox,
    "FetchConversation": staff_read_a_conversation_to_its_beginning,
    "SendReply": staff_reply_and_write_first,
    "SignIn": somebody_signs_in_and_out,
}
