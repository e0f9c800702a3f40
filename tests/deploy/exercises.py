"""For each function, a use that makes every call that its role grants.

Each use fails if the function fails. A function of the template that is missing here fails the tests that use
`EXERCISES`.
"""

import hashlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass

from browsers import Browser
from calls import Call
from deployment import Deployment
from issuer import Issuer
from people import Company, Customer, Staff
from polling import eventually
from push_service import UNCERTIFIED_HOST

FRESH_LINES = (f"+1206555{n:04}" for n in itertools.count(1000))
FRESH_CUSTOMERS = (f"+1425555{n:04}" for n in itertools.count(1000))


@dataclass
class World:
    deployment: Deployment
    issuer: Issuer
    harbor: Company
    dana: Staff

    def new_customer(self):
        return Customer(self.deployment, next(FRESH_CUSTOMERS))

    def deliver(self, *texts):
        """Invokes inbound-sms with texts, as the queue does. Returns how many failed."""
        records = [
            {
                "messageId": secrets.token_hex(8),
                "body": json.dumps({"Type": "Notification", "Timestamp": now(), "Message": json.dumps(text)}),
                "attributes": {"SentTimestamp": str(int(time.time() * 1000))},
                "eventSource": "aws:sqs",
            }
            for text in texts
        ]
        answer = self.deployment.invoke("InboundSms", {"Records": records})
        return len(answer["batchItemFailures"])

    def newest_event_record(self, conversation):
        """Returns the stream record of a conversation's newest timeline entry."""
        found = self.table().query(
            TableName=self.deployment.outputs["Table"],
            KeyConditionExpression="pk = :conversation AND begins_with(sk, :event)",
            ExpressionAttributeValues={
                ":conversation": {"S": f"CONVERSATION#{self.harbor.id}#{conversation}"}, ":event": {"S": "EVENT#"},
            },
            ScanIndexForward=False,
        )
        (item, *_) = found["Items"]
        return {"eventName": "INSERT", "dynamodb": {"Keys": key_of(item), "NewImage": item}}

    def session_item(self, staff):
        """Returns the item of the session of a member of staff."""
        digest = hashlib.sha256(staff.cookies["__Host-switchboard"].encode()).hexdigest()
        key = {"pk": {"S": f"SESSION#{digest}"}, "sk": {"S": "SESSION"}}
        return self.table().get_item(TableName=self.deployment.outputs["Table"], Key=key)["Item"]

    def removal_of(self, item):
        """Returns the stream record of an item that a function removed."""
        return {"eventName": "REMOVE", "dynamodb": {"Keys": key_of(item), "OldImage": item}}

    def dispatch(self, record):
        """Invokes dispatch-push with a record, as the stream does. Returns the batch item failures."""
        record["dynamodb"]["SequenceNumber"] = "1"
        return self.deployment.invoke("DispatchPush", {"Records": [record]})["batchItemFailures"]

    def table(self):
        return self.deployment.emulator.client("dynamodb")

    def new_conversation(self):
        """Returns a new conversation with one inbound message. No instance of a function has it in a cache."""
        customer = self.new_customer()
        assert self.deliver(sms(customer.number, self.harbor.line, "hello")) == 0
        return self.dana.conversation_with(customer.number)["conversation"]


def key_of(item):
    return {name: item[name] for name in ("pk", "sk")}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def sms(customer, line, text):
    return {
        "originationNumber": customer,
        "destinationNumber": line,
        "messageBody": text,
        "inboundMessageId": secrets.token_hex(16),
    }


def staff_use_a_session(world):
    fresh = world.harbor.staff("priya", "Priya Natarajan")
    assert fresh.gets("/api/session").status == 200


def two_messages_arrive_at_a_new_line(world):
    line = next(FRESH_LINES)
    world.harbor.adds_line(line)
    assert world.deliver(sms(world.new_customer().number, line, "first"), sms(world.new_customer().number, line, "second")) == 0


def a_customer_confirms_by_phone(world):
    customer = world.new_customer().number
    appointment = world.dana.books("Maria Lopez", customer)["id"]
    call = Call(world.harbor.line, customer, appointment)
    assert world.deployment.invoke("ConfirmationCall", call.pressed("1")) == {"result": "confirmed"}
    assert world.dana.status_of(appointment) == "confirmed"


def staff_look_at_the_dashboard(world):
    assert world.dana.gets("/api/notifications").items()


def staff_look_at_the_inbox(world):
    assert world.dana.gets("/api/conversations").items()


def staff_read_a_conversation_to_its_beginning(world):
    path = f"/api/conversations/{world.new_conversation()}/messages"
    oldest = world.dana.gets(path).items()[-1]["id"]
    assert world.dana.gets(f"{path}?before={oldest}").items() == []


def staff_reply_and_send_first_messages(world):
    assert world.dana.replies(world.new_conversation(), "a reply").status == 201
    appointment = world.dana.books("Maria Lopez", world.new_customer().number)
    assert world.dana.replies(appointment["conversation"], "a first message to her").status == 201
    assert world.dana.writes_first(world.new_customer().number, "a first message").status == 201
    customer, line = world.new_customer(), next(FRESH_LINES)
    world.harbor.adds_line(line, pool="pool-0a1b")
    assert world.deliver(sms(customer.number, line, "hello")) == 0
    conversation = world.dana.conversation_with(customer.number)["conversation"]
    assert world.dana.replies(conversation, "by a pool").status == 201
    block = f"/api/conversations/{conversation}/block"
    assert world.dana.puts(block, {}).json()["blocked"]["by"]
    refused = world.dana.replies(conversation, "while it is blocked")
    assert (refused.status, refused.code()) == (409, "blocked")
    assert world.dana.deletes(block).json()["blocked"] is None
    opted_out = world.dana.posts(f"/api/conversations/{appointment['conversation']}/opt-out", {})
    assert opted_out.status == 200, opted_out.body
    refused = world.dana.replies(appointment["conversation"], "another")
    assert (refused.status, refused.code()) == (422, "opted-out")
    draft = f"/api/drafts/conversation-{conversation}"
    for text in ("On Mon", "On Monday we are"):
        saved = world.dana.puts(draft, {"fields": {"text": text}})
        assert saved.status == 204, saved.body
    assert world.dana.gets(draft).json()["fields"] == {"text": "On Monday we are"}
    assert world.dana.deletes(draft).status == 204
    assert world.dana.gets(draft).json() is None


def an_administrator_exports_and_erases_a_customer(world):
    maria, sam = world.new_customer(), world.new_customer()
    # A new administrator each time: the rate limit of one is lower than the number of calls here.
    olga = world.harbor.staff(f"olga-{secrets.token_hex(4)}", "Olga Petrova", is_administrator=True)
    booked = world.dana.books("Maria Lopez", maria.number)
    world.dana.changes_appointment(booked["id"], number=sam.number)
    assert world.dana.writes_first(maria.number, "Hello").status == 201
    path = f"/api/conversations/{booked['conversation']}"
    draft = f"/api/drafts/conversation-{booked['conversation']}"
    assert world.dana.puts(draft, {"fields": {"text": "On Mon"}}).status == 204
    assert {it["done"] for it in olga.gets(f"{path}/history").items()} == {"sent", "appointment-entered", "appointment-taken-off"}
    file = olga.posts(f"{path}/customer-data", {})
    assert file.status == 200, file.body
    assert len(file.json()["held"]["messages"]) == 1
    erased = olga.deletes(f"{path}/customer-data")
    assert erased.status == 200, erased.body
    assert erased.json()["erased"] == {"texts_and_calls": 1, "appointments": 1, "once_more": False}, erased.body
    assert olga.gets(f"{path}/history").status == 404
    assert world.dana.gets(draft).json() is None


def staff_book_and_change_an_appointment(world):
    customer = world.new_customer()
    booked = world.dana.books("Maria Lopez", customer.number)
    path = f"/api/appointments/{booked['id']}"
    assert world.dana.gets(path).json()["texting"]["checked"]
    assert world.deployment.emulator.sms_service.lookups.count(customer.number) == 1
    changed = world.dana.posts(path, {"name": "Maria Garcia", "version": booked["version"]})
    assert changed.status == 200, changed.body
    day = world.dana.gets(f"/api/appointments?day={booked['day']}").items()
    assert booked["id"] in [it["id"] for it in day]
    staff = world.dana.gets("/api/staff").items()
    assert world.dana.posts(path, {"provider": staff[0]["id"], "version": changed.json()["version"]}).status == 200


def staff_turn_notifications_on_and_off(world):
    browser = world.dana.is_notified_in(Browser())
    shown = world.dana.gets("/api/push-subscriptions")
    assert shown.status == 200, shown.body
    assert shown.json()["key"] and browser in [it["id"] for it in shown.json()["browsers"]]
    # 429 if she has reached the limit for this minute. The same transaction checks the limit.
    assert world.dana.posts(f"/api/push-subscriptions/{browser}/test", {}).status in (202, 429)
    assert world.dana.puts("/api/push-settings", {"messages": "all", "showsText": True}).status == 200
    removed = world.dana.deletes(f"/api/push-subscriptions/{browser}")
    assert removed.status == 204, removed.body


def queued_retries(world):
    """Returns how many messages the queue of push retries has accepted."""
    calls = world.deployment.emulator.recorder.calls
    return sum(action == "sqs:SendMessage" and call.status == 200 for call in calls for action, _ in call.needs)


def a_push_fails_and_the_session_ends(world):
    lena = world.harbor.staff("lena", "Lena Moss")
    browser = lena.is_notified_in(Browser(UNCERTIFIED_HOST))
    later = queued_retries(world)
    text = world.newest_event_record(world.new_conversation())
    assert world.dispatch(text) == []
    shown = {it["id"]: it for it in lena.gets("/api/push-subscriptions").json()["browsers"]}
    assert shown[browser]["lastProblem"], "the browser should show a problem: its push service has no valid certificate"
    assert queued_retries(world) > later
    assert world.dispatch(world.removal_of(world.session_item(lena))) == []
    assert browser not in [it["id"] for it in lena.gets("/api/push-subscriptions").json()["browsers"]]


def a_message_is_not_delivered(world):
    customer = world.new_customer()
    assert world.dana.writes_first(customer.number, "Are you coming?").status == 201
    sent = world.deployment.emulator.sms_service.sent[customer.number][-1]
    receipt = {
        "eventType": "TEXT_INVALID", "eventTimestamp": int(time.time() * 1000), "isFinal": True,
        "destinationPhoneNumber": customer.number, "messageId": sent["MessageId"], "context": sent["Context"],
    }
    record = {"messageId": "1", "body": json.dumps({"Message": json.dumps(receipt)}), "eventSource": "aws:sqs"}
    assert world.deployment.invoke("DeliveryReceipt", {"Records": [record]}) == {"batchItemFailures": []}
    conversation = world.dana.conversation_with(customer.number)["conversation"]
    assert world.dana.messages(conversation)[0]["status"] == "failed"


def staff_sign_in_and_out(world):
    email = world.harbor.employs("marcus", "Marcus Bell")
    marcus = Staff(world.deployment)
    assert marcus.signs_in(world.issuer, email) == "/messages.html"
    assert marcus.gets("/api/session").json()["name"] == "Marcus Bell"
    elsewhere = Staff(world.deployment)
    elsewhere.signs_in(world.issuer, email)
    shown = marcus.gets("/api/sessions")
    assert shown.status == 200, shown.body
    assert [it["isThis"] for it in shown.items()][:2] == [True, False], shown.body
    ended = marcus.deletes("/api/sessions?others=true")
    assert ended.status == 204, ended.body
    assert len(marcus.gets("/api/sessions").items()) == 1
    assert marcus.posts("/api/sign-out", {}).status == 303


def connections_of(deployment, company):
    """Returns the ids of a company's WebSockets, as the table has them."""
    dynamodb = deployment.emulator.client("dynamodb")
    found = dynamodb.query(
        TableName=deployment.outputs["Table"],
        KeyConditionExpression="pk = :live",
        ExpressionAttributeValues={":live": {"S": f"LIVE#{company.id}"}},
    )
    return {item["sk"]["S"] for item in found["Items"]}


def a_socket_opens_and_closes_and_another_outlives_its_session(world):
    before = connections_of(world.deployment, world.harbor)
    socket = world.dana.opens_socket()
    assert not isinstance(socket, int), f"the WebSocket was refused: {socket}"
    assert socket.answers_ping()
    (opened,) = connections_of(world.deployment, world.harbor) - before
    socket.closes()
    eventually(lambda: opened not in connections_of(world.deployment, world.harbor), "the closed WebSocket is removed from the table")
    ended = {"company": world.harbor.id, "staff": "dana", "session": "0" * 64, "began": "0", "ends": "1"}
    ping = {
        "requestContext": {"eventType": "MESSAGE", "connectionId": secrets.token_hex(8), "authorizer": ended},
        "body": '{"action":"ping"}',
    }
    assert world.deployment.invoke("LiveConnection", ping) == {"statusCode": 200}


def a_change_meets_a_closed_socket_and_a_session_ends(world):
    conversation = world.new_conversation()
    gone = secrets.token_hex(8)
    world.harbor.seeding.connection(world.harbor.id, gone)
    head = {"pk": {"S": f"CONVERSATION#{world.harbor.id}#{conversation}"}, "sk": {"S": "HEAD"}}
    record = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1", "Keys": head, "NewImage": head}}
    # A text has a row. It shows how many other notifications its customer has, which the function reads from the feed.
    text = world.newest_event_record(conversation)
    text["dynamodb"]["SequenceNumber"] = "2"
    assert world.deployment.invoke("LiveUpdates", {"Records": [record, text]}) == {"batchItemFailures": []}
    assert gone not in connections_of(world.deployment, world.harbor)
    omar = world.harbor.staff("omar", "Omar Haddad")
    socket = omar.opens_socket()
    assert socket.answers_ping()
    record = world.removal_of(world.session_item(omar))
    record["dynamodb"]["SequenceNumber"] = "1"
    assert world.deployment.invoke("LiveUpdates", {"Records": [record]}) == {"batchItemFailures": []}
    assert not socket.answers_ping(), "the WebSocket should be closed when its session ends"


def stored_heartbeats(deployment):
    """Returns the sort keys of the stored heartbeats."""
    dynamodb, table = deployment.emulator.client("dynamodb"), deployment.outputs["Table"]
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, FilterExpression="begins_with(pk, :its) AND begins_with(sk, :event)",
        ExpressionAttributeValues={":its": {"S": "CONVERSATION#-heartbeat#"}, ":event": {"S": "EVENT#"}},
    )
    return [item["sk"]["S"] for page in pages for item in page["Items"]]


def a_heartbeat_is_sent_and_the_lines_are_checked(world):
    world.deployment.invoke("Heartbeat", {})
    # The schedule may run the function at any moment, and remove the heartbeat.
    eventually(lambda: stored_heartbeats(world.deployment), "a heartbeat is stored")
    assert world.deployment.invoke("Heartbeat", {})["removed"] in (0, 1)
    looked = world.deployment.invoke("Heartbeat", {"check": "lines"})
    assert looked["wrong"] > 0, "every line should be wrong: the account has no phone numbers"


EXERCISES = {
    "Authorize": staff_use_a_session,
    "ConfirmationCall": a_customer_confirms_by_phone,
    "DeliveryReceipt": a_message_is_not_delivered,
    "InboundSms": two_messages_arrive_at_a_new_line,
    "ListNotifications": staff_look_at_the_dashboard,
    "ListConversations": staff_look_at_the_inbox,
    "CustomerData": an_administrator_exports_and_erases_a_customer,
    "FetchConversation": staff_read_a_conversation_to_its_beginning,
    "DispatchPush": a_push_fails_and_the_session_ends,
    "EditAppointment": staff_book_and_change_an_appointment,
    "Heartbeat": a_heartbeat_is_sent_and_the_lines_are_checked,
    "LiveConnection": a_socket_opens_and_closes_and_another_outlives_its_session,
    "LiveUpdates": a_change_meets_a_closed_socket_and_a_session_ends,
    "PushSubscriptions": staff_turn_notifications_on_and_off,
    "SendReply": staff_reply_and_send_first_messages,
    "SignIn": staff_sign_in_and_out,
}
