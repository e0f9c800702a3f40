"""A text becomes a push notification through the table, the stream, dispatch-push, and TLS to a known push service."""

import socket
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from browsers import Browser, decoded
from deadlines import eventually
from logs import log_of, metrics_of
from push_service import INSIDE, NAME, NOT_CERTIFIED, REBOUND
from template import resources

DAY = 24 * 60 * 60


@pytest.fixture
def notified(dana):
    """Turns notifications on in Dana's browsers until the test ends. Returns the subscription's id."""
    turned_on = []

    def turns_on(browser):
        turned_on.append(dana.is_notified_in(browser))
        return turned_on[-1]

    yield turns_on
    for identity in turned_on:
        dana.deletes(f"/api/push-subscriptions/{identity}")


@pytest.fixture
def inside():
    """A server on a private address, at the port of push services."""
    with socket.create_server(("127.0.0.1", 443)) as door:
        door.setblocking(False)
        yield door


@pytest.fixture
def rebound():
    """Resolves a name to another address until the test ends. Changes the hosts file of the tests' own network
    (`alone`)."""
    hosts = Path("/etc/hosts")
    before = hosts.read_text()

    def stands_for(name, address):
        assert name in before
        hosts.write_text(before.replace(name, "") + f"{address} {name}\n")

    yield stands_for
    hosts.write_text(before)


def shown(staff):
    return {it["id"]: it for it in staff.gets("/api/push-subscriptions").json()["browsers"]}


def problem_of(staff, identity):
    return eventually(lambda: shown(staff)[identity]["lastProblem"], "staff are told of a problem")["what"]


def test_a_text_is_pushed_once_and_the_browser_reads_who_said_what(harbor, dana, maria, notified, told):
    browser = Browser()
    identity = notified(browser)
    dana.books("Maria Lopez", maria.number)
    maria.texts(harbor.line, "Is my glasses case at your desk?")
    told(browser, "Is my glasses case at your desk?")
    maria.texts(harbor.line, "Or my coat?")
    told(browser, "Or my coat?")
    # If the first text was pushed twice, both pushes have arrived by now.
    (push,) = told(browser, "Is my glasses case at your desk?")
    conversation = dana.conversation_with(maria.number)["conversation"]
    read = browser.reads(push)
    assert (read["kind"], read["title"], read["conversation"]) == ("message", "Maria Lopez", conversation)
    assert read["body"].startswith("Is my glasses case at your desk?\nNext appointment: "), read["body"]
    said = {name: push.headers[name] for name in ("Host", "Content-Encoding", "Urgency", "Topic")}
    assert said == {"Host": NAME, "Content-Encoding": "aes128gcm", "Urgency": "high", "Topic": conversation}
    assert DAY - 60 * 60 < int(push.headers["TTL"]) <= DAY, "until it is no news any more"
    delivered = eventually(lambda: shown(dana)[identity]["lastDelivery"], "it is noted")
    assert delivered and shown(dana)[identity]["lastProblem"] is None


def test_the_other_browser_of_somebody_is_told_of_one_that_is_added(push_service, notified):
    known = Browser()
    notified(known)
    notified(Browser())
    eventually(lambda: push_service.told_of_others[known.path] == 1, "it is told")


def test_a_push_service_can_verify_that_we_push_and_to_whom(harbor, dana, maria, notified, told):
    browser = Browser()
    notified(browser)
    maria.texts(harbor.line, "Who is calling?")
    (push,) = told(browser, "Who is calling?")
    scheme, rest = push.headers["Authorization"].split(" ", 1)
    signed = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, signed["k"]) == ("vapid", dana.gets("/api/push-subscriptions").json()["key"])
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(signed["k"]))
    claims = jwt.decode(signed["t"], public, algorithms=["ES256"], audience=f"https://{NAME}")
    assert claims["sub"].startswith(("mailto:", "https:"))
    assert time.time() < claims["exp"] <= time.time() + DAY, "RFC 8292, section 2"


def test_a_browser_that_its_push_service_knows_no_more_is_forgotten(push_service, harbor, dana, maria, notified, told):
    gone, other = Browser(), Browser()
    push_service.answers[gone.path].append((410, {}))
    identity, stays = notified(gone), notified(other)
    maria.texts(harbor.line, "Can I come at 3?")
    told(gone, "Can I come at 3?")
    eventually(lambda: identity not in shown(dana), "it is forgotten")
    maria.texts(harbor.line, "Or at 4?")
    told(other, "Or at 4?")
    assert stays in shown(dana)
    assert len(push_service.pushes[gone.path]) == 1, "it is sent nothing more"


def test_a_push_service_that_asks_to_wait_is_given_it_again_by_the_queue(push_service, harbor, dana, maria, notified, told):
    browser = Browser()
    push_service.answers[browser.path].append((429, {"Retry-After": "2"}))
    identity = notified(browser)
    maria.texts(harbor.line, "Is anybody there?")
    first, second = told(browser, "Is anybody there?", times=2)
    assert second.at - first.at >= 2, "it is left alone for as long as it asked"
    assert browser.reads(first)["id"] == browser.reads(second)["id"], "it is shown once"
    eventually(lambda: shown(dana)[identity]["lastDelivery"], "it has arrived")


@pytest.mark.parametrize("metric, cause, answer", [
    ("PushRefused", "Service", (403, {})),
    # Longer than a notification is of use.
    ("PushAbandoned", None, (429, {"Retry-After": str(2 * DAY)})),
])
def test_what_an_operator_can_mend_is_counted_where_an_alarm_looks(
    deployment, push_service, harbor, maria, notified, metric, cause, answer
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

    def counted():
        lines = [it for it in metrics_of(deployment, name) if it.get(metric) == 1 and it.get("Cause") == cause]
        directives = [it["_aws"]["CloudWatchMetrics"][0] for it in lines]
        return sum(it["Namespace"] == looked_at["Namespace"] and dimensions in it["Dimensions"] for it in directives)

    before = counted()
    browser = Browser()
    push_service.answers[browser.path].append(answer)
    notified(browser)
    maria.texts(harbor.line, "Hello?")
    eventually(lambda: counted() == before + 1, f"{metric} is counted")


def test_a_push_service_that_does_not_prove_its_name_is_sent_nothing_and_staff_are_told(push_service, harbor, dana, maria, notified):
    browser = Browser(NOT_CERTIFIED)
    identity = notified(browser)
    maria.texts(harbor.line, "Hello?")
    problem = problem_of(dana, identity)
    assert "could not be reached" in problem, problem
    assert push_service.pushes[browser.path] == []


def test_a_browser_whose_push_service_is_inside_is_not_kept_and_its_person_is_told(dana):
    browser, kept = Browser(INSIDE), set(shown(dana))
    refused = dana.puts("/api/push-subscriptions", browser.subscribes(dana.gets("/api/push-subscriptions").json()["key"]))
    assert refused.status == 422, refused.body
    assert refused.code() == "push-service-not-allowed"
    assert "inside a private network" in refused.json()["error"]["message"]
    assert set(shown(dana)) == kept


def test_a_name_that_has_come_to_stand_for_an_address_inside_is_not_dialled_and_staff_are_told(
    harbor, dana, maria, notified, rebound, inside
):
    identity = notified(Browser(REBOUND))
    rebound(REBOUND, "127.0.0.1")
    maria.texts(harbor.line, "Hello?")
    problem = problem_of(dana, identity)
    assert "not one that Switchboard may send to" in problem, problem
    with pytest.raises(BlockingIOError):
        inside.accept()


def test_nothing_of_a_browser_is_in_any_log(deployment, push_service, harbor, dana, maria, notified, told):
    taken, refused, unreached = Browser(), Browser(), Browser(NOT_CERTIFIED)
    push_service.answers[refused.path].append((403, {}))
    identities = [notified(browser) for browser in (taken, refused, unreached)]
    maria.texts(harbor.line, "Hello?")
    told(taken, "Hello?")
    for identity in identities[1:]:
        problem_of(dana, identity)
    written = log_of(deployment)
    assert f'"service":"{NAME}"' in written, "what was refused is told by its push service"
    for browser in (taken, refused, unreached):
        for secret in browser.secrets():
            assert secret not in written, secret
