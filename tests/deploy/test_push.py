"""A text becomes a push notification through the table, the stream, dispatch-push, and TLS to a known push service."""

import socket
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from browsers import Browser, decoded
from logs import log_of, metrics_of
from polling import eventually
from push_service import PRIVATE_HOST, PUSH_HOST, REBOUND_HOST, UNCERTIFIED_HOST
from template import resources

DAY = 24 * 60 * 60


@pytest.fixture
def subscribe(dana):
    """Turns notifications on in Dana's browsers until the test ends. Returns the subscription's id."""
    subscribed = []

    def subscribe_browser(browser):
        subscribed.append(dana.is_notified_in(browser))
        return subscribed[-1]

    yield subscribe_browser
    for identity in subscribed:
        dana.deletes(f"/api/push-subscriptions/{identity}")


@pytest.fixture
def private_server():
    """A server on a private address, at the port of push services."""
    with socket.create_server(("127.0.0.1", 443)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def rebind():
    """Resolves a name to another address until the test ends. Changes the hosts file of the tests' own network
    (`alone`)."""
    hosts = Path("/etc/hosts")
    before = hosts.read_text()

    def resolve(name, address):
        assert name in before
        hosts.write_text(before.replace(name, "") + f"{address} {name}\n")

    yield resolve
    hosts.write_text(before)


def subscriptions_of(staff):
    return {it["id"]: it for it in staff.gets("/api/push-subscriptions").json()["browsers"]}


def last_problem(staff, identity):
    return eventually(lambda: subscriptions_of(staff)[identity]["lastProblem"], "the browser's problem is shown to staff")["what"]


def test_an_inbound_message_is_pushed_once_and_the_browser_can_read_it(harbor, dana, maria, subscribe, pushes_of):
    browser = Browser()
    identity = subscribe(browser)
    dana.books("Maria Lopez", maria.number)
    maria.texts(harbor.line, "Is my glasses case at your desk?")
    pushes_of(browser, "Is my glasses case at your desk?")
    maria.texts(harbor.line, "Or my coat?")
    pushes_of(browser, "Or my coat?")
    # If the first text was pushed twice, both pushes have arrived by now.
    (push,) = pushes_of(browser, "Is my glasses case at your desk?")
    conversation = dana.conversation_with(maria.number)["conversation"]
    read = browser.reads(push)
    assert (read["kind"], read["title"], read["conversation"]) == ("message", "Maria Lopez", conversation)
    assert read["body"].startswith("Is my glasses case at your desk?\nNext appointment: "), read["body"]
    said = {name: push.headers[name] for name in ("Host", "Content-Encoding", "Urgency", "Topic")}
    assert said == {"Host": PUSH_HOST, "Content-Encoding": "aes128gcm", "Urgency": "high", "Topic": conversation}
    assert DAY - 60 * 60 < int(push.headers["TTL"]) <= DAY, "the push should expire a day after the message"
    delivered = eventually(lambda: subscriptions_of(dana)[identity]["lastDelivery"], "the delivery is recorded")
    assert delivered and subscriptions_of(dana)[identity]["lastProblem"] is None


def test_adding_a_browser_notifies_the_other_browsers_of_the_same_person(push_service, subscribe):
    known = Browser()
    subscribe(known)
    subscribe(Browser())
    eventually(lambda: push_service.new_browser_notices[known.path] == 1, "the other browser gets a notice of the new browser")


def test_a_push_service_can_verify_the_sender_and_the_audience(harbor, dana, maria, subscribe, pushes_of):
    browser = Browser()
    subscribe(browser)
    maria.texts(harbor.line, "Who is calling?")
    (push,) = pushes_of(browser, "Who is calling?")
    scheme, rest = push.headers["Authorization"].split(" ", 1)
    signed = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, signed["k"]) == ("vapid", dana.gets("/api/push-subscriptions").json()["key"])
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(signed["k"]))
    claims = jwt.decode(signed["t"], public, algorithms=["ES256"], audience=f"https://{PUSH_HOST}")
    assert claims["sub"].startswith(("mailto:", "https:"))
    assert time.time() < claims["exp"] <= time.time() + DAY, "the token should expire within 24 hours (RFC 8292, section 2)"


def test_a_browser_that_its_push_service_no_longer_knows_is_removed(push_service, harbor, dana, maria, subscribe, pushes_of):
    gone, other = Browser(), Browser()
    push_service.answers[gone.path].append((410, {}))
    identity, stays = subscribe(gone), subscribe(other)
    maria.texts(harbor.line, "Can I come at 3?")
    pushes_of(gone, "Can I come at 3?")
    eventually(lambda: identity not in subscriptions_of(dana), "the browser is removed")
    maria.texts(harbor.line, "Or at 4?")
    pushes_of(other, "Or at 4?")
    assert stays in subscriptions_of(dana)
    assert len(push_service.pushes[gone.path]) == 1, "nothing should be pushed after a 410"


def test_a_push_is_retried_after_the_time_that_the_push_service_asks_for(push_service, harbor, dana, maria, subscribe, pushes_of):
    browser = Browser()
    push_service.answers[browser.path].append((429, {"Retry-After": "2"}))
    identity = subscribe(browser)
    maria.texts(harbor.line, "Is anybody there?")
    first, second = pushes_of(browser, "Is anybody there?", times=2)
    assert second.at - first.at >= 2, "the retry should wait for Retry-After"
    assert browser.reads(first)["id"] == browser.reads(second)["id"], "both pushes should have the same notification id"
    eventually(lambda: subscriptions_of(dana)[identity]["lastDelivery"], "the delivery is recorded")


@pytest.mark.parametrize("metric, cause, answer", [
    ("PushRefused", "Service", (403, {})),
    # Longer than a notification is of use.
    ("PushAbandoned", None, (429, {"Retry-After": str(2 * DAY)})),
])
def test_a_failed_push_is_counted_in_the_metric_of_its_alarm(
    deployment, push_service, harbor, maria, subscribe, metric, cause, answer
):
    name = deployment.function("DispatchPush")["FunctionName"]
    alarm = resources("AWS::CloudWatch::Alarm")[f"{metric}Alarm"]["Properties"]
    watched = [it["MetricStat"]["Metric"] for it in alarm["Metrics"] if "MetricStat" in it]
    dimensions = ["Function", "Cause"] if cause else ["Function"]
    (looked_at,) = [
        it for it in watched
        if it["MetricName"] == metric and [of["Value"] for of in it["Dimensions"]] == [{"Ref": "DispatchPush"}] + [cause] * bool(cause)
    ]
    assert [it["Name"] for it in looked_at["Dimensions"]] == dimensions

    def count():
        lines = [it for it in metrics_of(deployment, name) if it.get(metric) == 1 and it.get("Cause") == cause]
        directives = [it["_aws"]["CloudWatchMetrics"][0] for it in lines]
        return sum(it["Namespace"] == looked_at["Namespace"] and dimensions in it["Dimensions"] for it in directives)

    before = count()
    browser = Browser()
    push_service.answers[browser.path].append(answer)
    subscribe(browser)
    maria.texts(harbor.line, "Hello?")
    eventually(lambda: count() == before + 1, f"{metric} is counted")


def test_nothing_is_pushed_to_a_service_without_a_valid_certificate_and_staff_see_it(push_service, harbor, dana, maria, subscribe):
    browser = Browser(UNCERTIFIED_HOST)
    identity = subscribe(browser)
    maria.texts(harbor.line, "Hello?")
    problem = last_problem(dana, identity)
    assert "could not be reached" in problem, problem
    assert push_service.pushes[browser.path] == []


def test_a_browser_with_a_private_push_service_is_refused_with_the_reason(dana):
    browser, kept = Browser(PRIVATE_HOST), set(subscriptions_of(dana))
    refused = dana.puts("/api/push-subscriptions", browser.subscribes(dana.gets("/api/push-subscriptions").json()["key"]))
    assert refused.status == 422, refused.body
    assert refused.code() == "push-service-not-allowed"
    assert "inside a private network" in refused.json()["error"]["message"]
    assert set(subscriptions_of(dana)) == kept


def test_a_host_that_now_resolves_to_a_private_address_is_not_connected_to_and_staff_see_it(
    harbor, dana, maria, subscribe, rebind, private_server
):
    identity = subscribe(Browser(REBOUND_HOST))
    rebind(REBOUND_HOST, "127.0.0.1")
    maria.texts(harbor.line, "Hello?")
    problem = last_problem(dana, identity)
    assert "not one that Switchboard may send to" in problem, problem
    with pytest.raises(BlockingIOError):
        private_server.accept()


def test_no_log_has_the_secrets_of_a_browser(deployment, push_service, harbor, dana, maria, subscribe, pushes_of):
    taken, refused, unreached = Browser(), Browser(), Browser(UNCERTIFIED_HOST)
    push_service.answers[refused.path].append((403, {}))
    identities = [subscribe(browser) for browser in (taken, refused, unreached)]
    maria.texts(harbor.line, "Hello?")
    pushes_of(taken, "Hello?")
    for identity in identities[1:]:
        last_problem(dana, identity)
    written = log_of(deployment)
    assert f'"service":"{PUSH_HOST}"' in written, "the log should name the push service that refused"
    for browser in (taken, refused, unreached):
        for secret in browser.secrets():
            assert secret not in written, secret
