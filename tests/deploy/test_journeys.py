"""What customers and staff do with the deployed stack, from end to end."""

import json
import secrets

import pytest

from adaptations import retries_that_come_at_once
from calls import INSTANCE, Call
from deadlines import eventually
from template import OPEN_ROUTES, routes


def test_a_text_is_shown_and_the_reply_is_an_sms(harbor, dana, maria):
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


def test_a_reply_does_not_go_by_a_connection_that_may_have_died_since_the_last(harbor, dana, maria):
    conversation = dana.writes_first(maria.number, "Hello, this is Harbor Dental.").json()["conversation"]
    for text in ["Your glasses are here.", "We are open until 6."]:
        reply = dana.replies(conversation, text)
        assert (reply.status, reply.json()["status"]) == (201, "sent"), reply.body
    assert len(maria.received()) == 3


def test_what_becomes_of_a_reply_is_told_by_its_receipt(deployment, harbor, dana, josie, maria):
    maria.texts(harbor.line, "Is Monday free?")
    conversation = dana.sees(maria, "Is Monday free?")["conversation"]
    assert dana.replies(conversation, "It is.").status == 201
    carriers, topic = deployment.emulator.carriers, deployment.outputs["ReceiptTopic"]
    (sent,) = carriers.sent[maria.number]
    assert (sent["OriginationIdentity"], sent["MaxPrice"]) == (harbor.line, "0.50")
    assert sent["ConfigurationSetName"] == f"{deployment.name}-receipts"
    state = lambda: (lambda newest: (newest["status"], newest["reason"]))(dana.messages(conversation)[0])
    assert state() == ("sent", None)
    for event, is_final, told in [
        ("TEXT_UNREACHABLE", False, "sent"), ("TEXT_DELIVERED", True, "delivered"), ("TEXT_UNREACHABLE", True, "delivered"),
    ]:
        carriers.tells(topic, maria.number, event, is_final)
        eventually(lambda: state()[0] == told, f"{event} is recorded")
    assert dana.replies(conversation, "Or Tuesday?").status == 201
    carriers.tells(topic, maria.number, "TEXT_UNREACHABLE")
    eventually(lambda: state()[0] == "failed", "the failure is shown")
    assert "switched off" in state()[1]


def test_a_malformed_receipt_ends_in_the_dead_letter_queue(deployment):
    sqs = deployment.emulator.client("sqs")
    with retries_that_come_at_once(sqs, deployment.ids["ReceiptQueue"]):
        deployment.emulator.client("sns").publish(TopicArn=deployment.outputs["ReceiptTopic"], Message="no receipt")
        poisoned = eventually(lambda: take(sqs, deployment.ids["ReceiptDeadLetters"]), "it cannot be read")
    assert json.loads(poisoned["Body"])["Message"] == "no receipt"
    sqs.delete_message(QueueUrl=deployment.ids["ReceiptDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])


def test_a_first_message_is_an_sms_and_its_answer_joins_it(harbor, dana, maria):
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


def test_a_scheduling_system_puts_an_appointment_by_its_own_id(dana, numbers):
    path, landline = "/api/appointments/PMS-2026.17", "+14255550190"
    tomorrow = dana.books("Somebody else", "")["start"]
    own = {"name": "Edith Moreau", "number": landline, "start": tomorrow, "minutes": 60, "service": "Crown"}
    first = dana.puts(path, own)
    assert first.status == 201, first.body
    assert first.json()["texting"]["reason"] == "landline"
    again = dana.puts(path, own)
    assert (again.status, again.json()) == (200, first.json())
    moved = dana.puts(path, own | {"number": next(numbers), "minutes": 45})
    assert (moved.status, moved.json()["version"]) == (200, 2), moved.body
    stale = dana.posts(path, {"name": "Edith M.", "minutes": 30, "version": 1})
    assert (stale.status, stale.code()) == (409, "changed-meanwhile")
    assert [it["field"] for it in stale.json()["changes"]] == ["number", "minutes"]


def test_a_redelivered_text_appears_once(deployment, harbor, dana, maria):
    inbound_id = maria.texts(harbor.line, "only once")
    dana.sees(maria, "only once")
    for _ in range(3):
        maria.texts(harbor.line, "only once", inbound_id)
    maria.texts(harbor.line, "after it")
    dana.sees(maria, "after it")
    eventually(lambda: is_empty(deployment, "InboundQueue"), "all of them have been taken")
    conversation = dana.conversation_with(maria.number)
    assert conversation["unanswered"] == 2
    assert sorted(it["text"] for it in dana.messages(conversation["conversation"])) == ["after it", "only once"]


def test_a_poisoned_text_waits_in_the_dead_letter_queue_and_is_shown_after_its_redrive(deployment, harbor, dana, maria):
    sqs, line = deployment.emulator.client("sqs"), "+12065550199"
    with retries_that_come_at_once(sqs, deployment.ids["InboundQueue"]):
        # Sent in one request, so that the function receives them in one batch.
        texts = [maria.envelope(line, "is anybody there?"), maria.envelope(harbor.line, "its neighbour")]
        entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(texts)]
        assert len(sqs.send_message_batch(QueueUrl=deployment.ids["InboundQueue"], Entries=entries)["Successful"]) == 2
        dana.sees(maria, "its neighbour")
        poisoned = eventually(lambda: take(sqs, deployment.ids["InboundDeadLetters"]), "it is in the dead-letter queue")
    assert "is anybody there?" in poisoned["Body"]
    assert "is anybody there?" not in [it["text"] for it in dana.notifications()]

    harbor.adds_line(line)
    sqs.send_message(QueueUrl=deployment.ids["InboundQueue"], MessageBody=poisoned["Body"])
    sqs.delete_message(QueueUrl=deployment.ids["InboundDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])
    shown = dana.sees(maria, "is anybody there?")
    assert (shown["line"], shown["number"]) == (line, maria.number)
    neighbours = [it for it in dana.notifications() if it["text"] == "its neighbour" and it["number"] == maria.number]
    assert len(neighbours) == 1, "it was stored when it first came, and not again with its neighbour"
    received = json.loads(poisoned["Body"])["Timestamp"]
    assert shown["at"][:19] == received[:19], "it has the time at which it reached us, not that of its redrive"


def take(sqs, queue):
    return next(iter(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])), None)


def is_empty(deployment, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = deployment.emulator.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=deployment.ids[queue], AttributeNames=names)["Attributes"]
    return all(found[name] == "0" for name in names)


def test_a_customer_who_declines_by_phone_waits_for_an_answer(deployment, harbor, dana, maria):
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    call = Call(harbor.line, maria.number, appointment)
    assert deployment.invokes("ConfirmationCall", call.pressed("2")) == {"result": "declined"}
    notification = next(it for it in dana.notifications() if it.get("appointment") == appointment)
    assert (notification["kind"], notification["outcome"], notification["number"]) == ("call", "declined", maria.number)
    assert dana.conversation_with(maria.number)["unanswered"] == 1
    assert dana.status_of(appointment) == "declined"


def test_what_became_of_a_call_comes_by_the_queue_and_a_poisoned_event_waits(deployment, harbor, dana, maria):
    sqs = deployment.emulator.client("sqs")
    call = Call(harbor.line, maria.number, f"A-{secrets.token_hex(8)}")
    body = json.dumps(call.event("DISCONNECTED"))
    with retries_that_come_at_once(sqs, deployment.ids["CallQueue"]):
        sqs.send_message(QueueUrl=deployment.ids["CallQueue"], MessageBody=body)
        poisoned = eventually(lambda: take(sqs, deployment.ids["CallDeadLetters"]), "nobody knows whom it was to")
    assert poisoned["Body"] == body
    dana.books("Maria Lopez", maria.number, call.appointment)
    sqs.send_message(QueueUrl=deployment.ids["CallQueue"], MessageBody=body)
    sqs.delete_message(QueueUrl=deployment.ids["CallDeadLetters"], ReceiptHandle=poisoned["ReceiptHandle"])
    conversation = eventually(lambda: shown(dana, maria.number), "the call is shown")
    assert conversation["last"]["outcome"] == "no-answer"


def shown(staff, number):
    """Returns the conversation with a number, or `None` if there is none yet."""
    return next((it for it in staff.gets("/api/conversations?limit=100").items() if it["number"] == number), None)


def test_the_rule_hands_on_what_can_say_how_a_confirmation_call_ended(deployment, harbor, maria):
    """Asks EventBridge which events the rule matches: only AWS may put events of `aws.*`."""
    events = deployment.emulator.client("events")
    rule = events.describe_rule(Name=deployment.ids["CallEvents"].rsplit("/", 1)[-1])
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(deployment.ids["CallQueue"].rsplit("/", 1)[-1])

    def handed_on(event):
        return events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]

    call = Call(harbor.line, maria.number, "A-1")
    assert handed_on(call.event("DISCONNECTED")) and handed_on(call.event("CONNECTED_TO_SYSTEM"))
    assert not handed_on(call.event("INITIATED"))
    assert not handed_on(call.event("DISCONNECTED", tags={"aws:connect:systemEndpoint": harbor.line}))
    assert not handed_on(call.event("DISCONNECTED", instanceArn=f"{INSTANCE}0"))


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
NOBODYS = {"conversation": "0" * 32, "appointment": "A-1", "subscription": "0" * 32, "draft": "new-message", "session": "0" * 32}

# Every route that is not listed as open. A route that is open by mistake is among them, and fails the tests below.
CLOSED_ROUTES = [tuple(route.format(**NOBODYS).split(" ")) for route in sorted(set(routes()) - set(OPEN_ROUTES))]
# Signing out works without a valid session.
SIGN_OUT = ("POST", "/api/sign-out")
ASKING_WHO = [route for route in CLOSED_ROUTES if route != SIGN_OUT]


def asks_for_something(somebody, method, path):
    body = {"json": {"text": "psst", "to": "+14255550100"}} if method in ("POST", "PUT") else {}
    return somebody.asks(method, path, **body)


@pytest.mark.parametrize("method, path", CLOSED_ROUTES)
def test_nobody_is_let_in_without_a_session(stranger, method, path):
    assert asks_for_something(stranger(), method, path).status == 401


@pytest.mark.parametrize("method, path", ASKING_WHO)
def test_nobody_is_let_in_with_a_forged_session(stranger, method, path):
    answer = asks_for_something(stranger("0" * 64), method, path)
    assert (answer.status, answer.code()) == (401, "session-unknown")


@pytest.mark.parametrize("method, path", ASKING_WHO)
def test_nobody_is_let_in_with_an_expired_session(harbor, method, path):
    late = harbor.staff("late", "Late Larry", ends_in=-1)
    answer = asks_for_something(late, method, path)
    assert (answer.status, answer.code()) == (401, "session-ended")


def test_a_session_that_is_none_is_left_and_its_cookie_taken_back(stranger, harbor):
    for somebody in (stranger("0" * 64), harbor.staff("late", "Late Larry", ends_in=-1)):
        left = asks_for_something(somebody, *SIGN_OUT)
        assert (left.status, left.headers["location"]) == (303, "/sign-in.html#signing-out")
        assert "Max-Age=0" in left.headers["set-cookie"]


def test_somebody_signs_in_at_the_issuer_and_out_again(deployment, issuer, harbor, stranger):
    email = harbor.employs("marcus", "Marcus Bell")
    marcus = stranger()
    assert marcus.signs_in(issuer, email) == "/messages.html"
    session = marcus.gets("/api/session").json()
    assert (session["name"], session["company_name"]) == ("Marcus Bell", "Harbor Dental")

    left = marcus.posts("/api/sign-out", {})
    assert marcus.gets("/api/sign-out/issuer").headers["location"] == "/sign-in.html#signed-out", "this issuer ends no sessions"
    assert (left.status, left.headers["location"]) == (303, "/sign-in.html#signing-out")
    assert "Max-Age=0" in left.headers["set-cookie"]


def test_somebody_whom_only_the_issuer_knows_is_told_so(issuer, stranger):
    assert stranger().signs_in(issuer, "nobody@elsewhere.example") == "/sign-in.html#stranger"


@pytest.mark.parametrize("path", ["/handset", "/local/issuer/authorize", "/local/staff", "/local/carrier/messages", "/healthz"])
def test_nothing_of_the_local_stack_is_there(stranger, dana, path):
    """Above all, the page that signs in as any member of staff must not be there."""
    for somebody in (stranger(), dana):
        assert somebody.gets(path).status in (403, 404), path
        assert somebody.posts(path, {}).status in (403, 404, 405), path


def test_a_page_of_another_site_cannot_write(dana, maria):
    body = {"to": maria.number, "text": "psst"}
    forged = dana.asks("POST", "/api/messages", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert (forged.status, forged.code()) == (400, "foreign-origin")
    assert maria.received() == []
