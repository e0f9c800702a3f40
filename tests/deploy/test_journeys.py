"""What customers and staff do with the deployed stack, from end to end."""

import json
import secrets

import pytest

from adaptations import immediate_retries
from calls import INSTANCE, Call
from polling import eventually
from template import OPEN_ROUTES, routes


def test_an_inbound_message_is_shown_and_the_reply_is_an_sms(harbor, dana, maria):
    maria.texts(harbor.line, "Running 10 min late, ok?")
    notification = dana.sees(maria, "Running 10 min late, ok?")
    assert notification["number"] == maria.number

    reply = dana.replies(notification["conversation"], "No problem, see you soon.")
    assert (reply.status, reply.json()["status"]) == (201, "sent"), reply.body
    assert maria.received() == ["No problem, see you soon."]
    messages = dana.messages(notification["conversation"])
    assert [(it["direction"], it["text"]) for it in messages] == [
        ("outbound", "No problem, see you soon."),
        ("inbound", "Running 10 min late, ok?"),
    ]
    assert dana.conversation_with(maria.number)["unanswered"] == 0


def test_a_reply_succeeds_after_the_server_has_closed_the_last_connection(harbor, dana, maria):
    conversation = dana.writes_first(maria.number, "Hello, this is Harbor Dental.").json()["conversation"]
    for text in ["Your glasses are here.", "We are open until 6."]:
        reply = dana.replies(conversation, text)
        assert (reply.status, reply.json()["status"]) == (201, "sent"), reply.body
    assert len(maria.received()) == 3


def test_a_delivery_receipt_changes_the_status_of_a_reply(deployment, harbor, dana, josie, maria):
    maria.texts(harbor.line, "Is Monday free?")
    conversation = dana.sees(maria, "Is Monday free?")["conversation"]
    assert dana.replies(conversation, "It is.").status == 201
    sms_service, topic = deployment.emulator.sms_service, deployment.outputs["ReceiptTopic"]
    (sent,) = sms_service.sent[maria.number]
    assert (sent["OriginationIdentity"], sent["MaxPrice"]) == (harbor.line, "0.50")
    assert sent["ConfigurationSetName"] == f"{deployment.name}-receipts"
    state = lambda: (lambda newest: (newest["status"], newest["reason"]))(dana.messages(conversation)[0])
    assert state() == ("sent", None)
    for event, is_final, status in [
        ("TEXT_UNREACHABLE", False, "sent"), ("TEXT_DELIVERED", True, "delivered"), ("TEXT_UNREACHABLE", True, "delivered"),
    ]:
        sms_service.publish_receipt(topic, maria.number, event, is_final)
        eventually(lambda: state()[0] == status, f"the status after {event} is {status}")
    assert dana.replies(conversation, "Or Tuesday?").status == 201
    sms_service.publish_receipt(topic, maria.number, "TEXT_UNREACHABLE")
    eventually(lambda: state()[0] == "failed", "the reply is shown as failed")
    assert "switched off" in state()[1]


def test_a_malformed_receipt_ends_in_the_dead_letter_queue(deployment):
    sqs = deployment.emulator.client("sqs")
    with immediate_retries(sqs, deployment.ids["ReceiptQueue"]):
        deployment.emulator.client("sns").publish(TopicArn=deployment.outputs["ReceiptTopic"], Message="no receipt")
        poisoned = eventually(lambda: receive_message(sqs, deployment.ids["ReceiptDeadLetters"]), "the malformed receipt is in the dead-letter queue")
    assert json.loads(poisoned["Body"])["Message"] == "no receipt"
    sqs.delete_message(QueueUrl=deployment.ids["ReceiptDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])


def test_a_first_message_is_an_sms_and_its_answer_joins_the_conversation(harbor, dana, maria):
    first = dana.writes_first(maria.number, "Your crown is ready.")
    assert first.status == 201, first.body
    assert maria.received() == ["Your crown is ready."]
    maria.texts(harbor.line, "Coming tomorrow")
    notification = dana.sees(maria, "Coming tomorrow")
    assert notification["conversation"] == first.json()["conversation"]


def test_the_same_reply_sent_twice_is_one_sms(harbor, dana, maria):
    maria.texts(harbor.line, "Is Monday free?")
    conversation = dana.sees(maria, "Is Monday free?")["conversation"]
    path, key = f"/api/conversations/{conversation}/messages", secrets.token_hex(8)
    answers = [dana.posts(path, {"text": "It is."}, **{"Idempotency-Key": key}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert maria.received() == ["It is."]


def test_an_appointment_gives_its_customer_a_name_and_a_conversation(harbor, dana, josie, maria):
    booked = dana.books("Maria Lopez", maria.number)
    assert (booked["status"], booked["texting"]["possible"]) == ("booked", True)
    assert booked["id"] in [it["id"] for it in dana.gets(f"/api/appointments?day={booked['day']}").items()]
    assert josie.gets(f"/api/appointments/{booked['id']}").status == 404

    assert dana.replies(booked["conversation"], "See you tomorrow").status == 201
    assert maria.received() == ["See you tomorrow"]
    maria.texts(harbor.line, "Looking forward to it")
    notification = dana.sees(maria, "Looking forward to it")
    assert (notification["name"], notification["conversation"]) == ("Maria Lopez", booked["conversation"])
    assert notification["next_appointment"]["id"] == booked["id"]


def test_a_scheduling_system_saves_an_appointment_under_its_own_id(dana, unused_numbers):
    path, landline = "/api/appointments/PMS-2026.17", "+14255550190"
    tomorrow = dana.books("Somebody else", "")["start"]
    own = {"name": "Edith Moreau", "number": landline, "start": tomorrow, "minutes": 60, "service": "Crown"}
    first = dana.puts(path, own)
    assert first.status == 201, first.body
    assert first.json()["texting"]["reason"] == "landline"
    again = dana.puts(path, own)
    assert (again.status, again.json()) == (200, first.json())
    moved = dana.puts(path, own | {"number": next(unused_numbers), "minutes": 45})
    assert (moved.status, moved.json()["version"]) == (200, 2), moved.body
    stale = dana.posts(path, {"name": "Edith M.", "minutes": 30, "version": 1})
    assert (stale.status, stale.code()) == (409, "changed-meanwhile")
    assert [it["field"] for it in stale.json()["changes"]] == ["number", "minutes"]


def test_a_redelivered_message_appears_once(deployment, harbor, dana, maria):
    inbound_id = maria.texts(harbor.line, "only once")
    dana.sees(maria, "only once")
    for _ in range(3):
        maria.texts(harbor.line, "only once", inbound_id)
    maria.texts(harbor.line, "after it")
    dana.sees(maria, "after it")
    eventually(lambda: queue_is_empty(deployment, "InboundQueue"), "the inbound queue is empty")
    conversation = dana.conversation_with(maria.number)
    assert conversation["unanswered"] == 2
    assert sorted(it["text"] for it in dana.messages(conversation["conversation"])) == ["after it", "only once"]


def test_a_failing_message_waits_in_the_dead_letter_queue_and_is_shown_after_its_redrive(deployment, harbor, dana, maria):
    sqs, line = deployment.emulator.client("sqs"), "+12065550199"
    with immediate_retries(sqs, deployment.ids["InboundQueue"]):
        # Sent in one request, so that the function receives them in one batch.
        texts = [maria.envelope(line, "is anybody there?"), maria.envelope(harbor.line, "its neighbour")]
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(texts)]
        assert len(sqs.send_message_batch(QueueUrl=deployment.ids["InboundQueue"], Entries=entries)["Successful"]) == 2
        dana.sees(maria, "its neighbour")
        poisoned = eventually(lambda: receive_message(sqs, deployment.ids["InboundDeadLetters"]), "the message to the unknown line is in the dead-letter queue")
    assert "is anybody there?" in poisoned["Body"]
    assert "is anybody there?" not in [it["text"] for it in dana.notifications()]

    harbor.adds_line(line)
    sqs.send_message(QueueUrl=deployment.ids["InboundQueue"], MessageBody=poisoned["Body"])
    sqs.delete_message(QueueUrl=deployment.ids["InboundDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])
    notification = dana.sees(maria, "is anybody there?")
    assert (notification["line"], notification["number"]) == (line, maria.number)
    neighbours = [it for it in dana.notifications() if it["text"] == "its neighbour" and it["number"] == maria.number]
    assert len(neighbours) == 1, "the other message of the batch should be stored once"
    received = json.loads(poisoned["Body"])["Timestamp"]
    assert notification["at"][:19] == received[:19], "the message should have its time of receipt, not that of the redrive"


def receive_message(sqs, queue):
    return next(iter(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])), None)


def queue_is_empty(deployment, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = deployment.emulator.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=deployment.ids[queue], AttributeNames=names)["Attributes"]
    return all(found[name] == "0" for name in names)


def test_a_customer_who_declines_by_phone_waits_for_an_answer(deployment, harbor, dana, maria):
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    call = Call(harbor.line, maria.number, appointment)
    assert deployment.invoke("ConfirmationCall", call.pressed("2")) == {"result": "declined"}
    notification = next(it for it in dana.notifications() if it.get("appointment") == appointment)
    assert (notification["kind"], notification["outcome"], notification["number"]) == ("call", "declined", maria.number)
    assert dana.conversation_with(maria.number)["unanswered"] == 1
    assert dana.status_of(appointment) == "declined"


def test_the_end_of_a_call_comes_through_the_queue_and_a_failing_event_waits(deployment, harbor, dana, maria):
    sqs = deployment.emulator.client("sqs")
    call = Call(harbor.line, maria.number, f"A-{secrets.token_hex(8)}")
    body = json.dumps(call.event("DISCONNECTED"))
    with immediate_retries(sqs, deployment.ids["CallQueue"]):
        sqs.send_message(QueueUrl=deployment.ids["CallQueue"], MessageBody=body)
        poisoned = eventually(lambda: receive_message(sqs, deployment.ids["CallDeadLetters"]), "the event of an unknown appointment is in the dead-letter queue")
    assert poisoned["Body"] == body
    dana.books("Maria Lopez", maria.number, call.appointment)
    sqs.send_message(QueueUrl=deployment.ids["CallQueue"], MessageBody=body)
    sqs.delete_message(QueueUrl=deployment.ids["CallDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])
    conversation = eventually(lambda: find_conversation(dana, maria.number), "the conversation of the call is shown")
    assert conversation["last"]["outcome"] == "no-answer"


def find_conversation(staff, number):
    """Returns the conversation with a number, or `None` if there is none yet."""
    return next((it for it in staff.gets("/api/conversations?limit=100").items() if it["number"] == number), None)


def test_the_rule_matches_the_events_that_end_a_confirmation_call(deployment, harbor, maria):
    """Asks EventBridge which events the rule matches: only AWS may put events of `aws.*`."""
    events = deployment.emulator.client("events")
    rule = events.describe_rule(Name=deployment.ids["CallEvents"].rsplit("/", 1)[-1])
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(deployment.ids["CallQueue"].rsplit("/", 1)[-1])

    def matches(event):
        return events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]

    call = Call(harbor.line, maria.number, "A-1")
    assert matches(call.event("DISCONNECTED")) and matches(call.event("CONNECTED_TO_SYSTEM"))
    assert not matches(call.event("INITIATED"))
    assert not matches(call.event("DISCONNECTED", tags={"aws:connect:systemEndpoint": harbor.line}))
    assert not matches(call.event("DISCONNECTED", instanceArn=f"{INSTANCE}0"))


def test_two_companies_see_nothing_of_each_other(harbor, tidewater, dana, josie, maria):
    maria.texts(harbor.line, "hello Harbor")
    maria.texts(tidewater.line, "hello Tidewater")
    theirs, ours = dana.sees(maria, "hello Harbor"), josie.sees(maria, "hello Tidewater")
    assert "hello Tidewater" not in [it["text"] for it in dana.notifications()]
    assert "hello Harbor" not in [it["text"] for it in josie.notifications()]
    assert theirs["conversation"] != ours["conversation"]
    stolen = josie.gets(f"/api/conversations/{theirs['conversation']}/messages")
    assert (stolen.status, stolen.code()) == (404, "no-conversation")
    assert josie.replies(theirs["conversation"], "psst").status == 404
    assert maria.received() == []


# Values for the placeholders of a path: well-formed ids that do not exist.
UNKNOWN_IDS = {"conversation": "0" * 32, "appointment": "A-1", "subscription": "0" * 32, "draft": "new-message", "session": "0" * 32}

# Every route that is not listed as open. A route that is open by mistake is among them, and fails the tests below.
CLOSED_ROUTES = [tuple(route.format(**UNKNOWN_IDS).split(" ")) for route in sorted(set(routes()) - set(OPEN_ROUTES))]
# Signing out works without a valid session.
SIGN_OUT = ("POST", "/api/sign-out")
SESSION_ROUTES = [route for route in CLOSED_ROUTES if route != SIGN_OUT]


def request_route(somebody, method, path):
    body = {"json": {"text": "psst", "to": "+14255550100"}} if method in ("POST", "PUT") else {}
    return somebody.request(method, path, **body)


@pytest.mark.parametrize("method, path", CLOSED_ROUTES)
def test_every_closed_route_refuses_a_request_without_a_session(visitor, method, path):
    assert request_route(visitor(), method, path).status == 401


@pytest.mark.parametrize("method, path", SESSION_ROUTES)
def test_every_closed_route_refuses_a_forged_session(visitor, method, path):
    answer = request_route(visitor("0" * 64), method, path)
    assert (answer.status, answer.code()) == (401, "session-unknown")


@pytest.mark.parametrize("method, path", SESSION_ROUTES)
def test_every_closed_route_refuses_an_expired_session(harbor, method, path):
    late = harbor.staff("late", "Late Larry", ends_in=-1)
    answer = request_route(late, method, path)
    assert (answer.status, answer.code()) == (401, "session-ended")


def test_signing_out_works_without_a_valid_session_and_deletes_the_cookie(visitor, harbor):
    for somebody in (visitor("0" * 64), harbor.staff("late", "Late Larry", ends_in=-1)):
        left = request_route(somebody, *SIGN_OUT)
        assert (left.status, left.headers["location"]) == (303, "/sign-in.html#signing-out")
        assert "Max-Age=0" in left.headers["set-cookie"]


def test_staff_sign_in_at_the_issuer_and_out_again(deployment, issuer, harbor, visitor):
    email = harbor.employs("marcus", "Marcus Bell")
    marcus = visitor()
    assert marcus.signs_in(issuer, email) == "/messages.html"
    session = marcus.gets("/api/session").json()
    assert (session["name"], session["company_name"]) == ("Marcus Bell", "Harbor Dental")

    left = marcus.posts("/api/sign-out", {})
    assert marcus.gets("/api/sign-out/issuer").headers["location"] == "/sign-in.html#signed-out", "this issuer has no end_session_endpoint"
    assert (left.status, left.headers["location"]) == (303, "/sign-in.html#signing-out")
    assert "Max-Age=0" in left.headers["set-cookie"]


def test_an_account_without_a_member_of_staff_is_refused(issuer, visitor):
    assert visitor().signs_in(issuer, "nobody@elsewhere.example") == "/sign-in.html#stranger"


@pytest.mark.parametrize("path", ["/handset", "/local/issuer/authorize", "/local/staff", "/local/carrier/messages", "/healthz"])
def test_the_routes_of_the_local_stack_are_not_deployed(visitor, dana, path):
    """Above all, the page that signs in as any member of staff must not be there."""
    for somebody in (visitor(), dana):
        assert somebody.gets(path).status in (403, 404), path
        assert somebody.posts(path, {}).status in (403, 404, 405), path


def test_a_page_of_another_site_cannot_write(dana, maria):
    body = {"to": maria.number, "text": "psst"}
    forged = dana.request("POST", "/api/messages", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert (forged.status, forged.code()) == (400, "foreign-origin")
    assert maria.received() == []
