"""A text becomes a push by itself: table, stream, dispatch-push. The only push service that is allowed here is none."""

import secrets

from deadlines import eventually
from logs import log_of
from people import BROWSERS_KEYS

import pytest


@pytest.fixture
def browser(dana):
    """What a browser of Dana's is called in its address, and its id."""
    name = secrets.token_hex(8)
    identity = dana.is_notified_in(name)
    yield name, identity
    dana.deletes(f"/api/push-subscriptions/{identity}")


def problem_of(staff, identity):
    browsers = staff.gets("/api/push-subscriptions").json()["browsers"]
    return next(it["lastProblem"] for it in browsers if it["id"] == identity)


def test_a_text_is_pushed_at_once_and_staff_are_told_what_keeps_it_from_arriving(harbor, dana, maria, browser):
    _, identity = browser
    assert problem_of(dana, identity) is None
    maria.texts(harbor.line, "Is my glasses case at your desk?")
    problem = eventually(lambda: problem_of(dana, identity), "its push service was not found")
    assert "could not be reached" in problem["what"], problem


def test_nothing_of_a_browser_is_in_any_log(deployment, harbor, dana, maria, browser):
    name, identity = browser
    maria.texts(harbor.line, "Hello?")
    eventually(lambda: problem_of(dana, identity), "its push service was not found")
    written = log_of(deployment)
    for secret in (name, *BROWSERS_KEYS.values()):
        assert secret not in written, secret
