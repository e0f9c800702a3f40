"""Live updates of open pages, as deployed: stream, function, WebSocket."""

import secrets

import pytest

from calls import Call
from deadlines import eventually
from functions_at_work import connections_of


@pytest.fixture
def screen(dana, josie):
    """The WebSocket of a page of Harbor Dental. Another company's WebSocket must receive nothing meanwhile."""
    hers, theirs = dana.goes_live(), josie.goes_live()
    yield hers
    assert theirs.everything() == ""
    hers.leaves()
    theirs.leaves()


def test_a_text_is_on_the_screens_of_its_company_and_on_no_other(harbor, dana, screen, maria):
    maria.texts(harbor.line, "Running 10 min late, ok?")
    frame = screen.sees("Running 10 min late, ok?")
    conversation = dana.conversation_with(maria.number)["conversation"]
    assert f'<template data-live="messages" data-conversation="{conversation}">' in frame
    for row in ('<template data-live="notifications"><li class="row waits"', '<template data-live="conversations"><li'):
        assert row in frame


def test_a_reply_is_on_a_colleagues_screen_and_so_is_what_became_of_it(harbor, dana, screen, maria):
    marcus = harbor.staff("marcus", "Marcus Bell")
    maria.texts(harbor.line, "Is Monday free?")
    conversation = dana.sees(maria, "Is Monday free?")["conversation"]
    screen.sees("Is Monday free?")
    reply = marcus.replies(conversation, "It is. At 3?")
    assert reply.json()["status"] == "sent", reply.body
    # The reply is recorded before it is sent. A frame shows its status at that moment, so there may be one frame or two.
    frame = screen.sees("It is. At 3?")
    assert "Marcus Bell" in frame
    while "Sent to the carrier" not in frame:
        frame = screen.sees("It is. At 3?")


def test_a_customers_name_is_on_the_screens_as_it_is_saved(harbor, dana, screen, maria):
    maria.texts(harbor.line, "Who is there?")
    conversation = dana.sees(maria, "Who is there?")["conversation"]
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    screen.sees("Maria Lopez")
    dana.changes(appointment, name="Maria Garcia")
    frame = screen.sees("Maria Garcia")
    for row in ('<template data-live="conversations"><li', f'<template data-live="head" data-conversation="{conversation}">'):
        assert row in frame


def test_a_confirmation_call_is_on_the_screens(deployment, harbor, dana, screen, maria):
    appointment = dana.books("Maria Lopez", maria.number)
    call = Call(harbor.line, maria.number, appointment["id"])
    assert deployment.invokes("ConfirmationCall", call.pressed("2")) == {"result": "declined"}
    thread = f'<template data-live="messages" data-conversation="{appointment["conversation"]}">'
    screen.sees_all('<template data-live="notifications"><li class="row waits"', "Maria Lopez", "Declined", thread)


def test_an_appointment_that_is_cancelled_is_asked_for_again_by_the_screens(harbor, dana, screen, maria):
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    hint = f'data-live="appointments" data-appointment="{appointment}"'
    screen.sees(hint)
    maria.texts(harbor.line, "I cannot come after all")
    screen.sees("I cannot come after all")
    dana.changes(appointment, cancel="yes")
    screen.sees(hint)
    assert dana.status_of(appointment) == "cancelled"


def test_nobody_gets_a_socket_without_a_session_of_their_own(harbor, dana, stranger):
    assert stranger().goes_live() == 401
    assert stranger("0" * 64).goes_live() == 403
    assert harbor.staff("late", "Late Larry", ends_in=-1).goes_live() == 403
    # MiniStack closes the connection when `$connect` refuses it. The status comes from the function, and a local test
    # asserts it.
    assert isinstance(dana.goes_live(Origin="https://evil.example"), int)
    assert isinstance(dana.goes_live(**{"Sec-Fetch-Site": "cross-site"}), int)


def test_signing_out_closes_the_sockets_of_that_session(harbor, issuer, stranger, maria):
    email = harbor.employs("priya", "Priya Natarajan")
    here, there = stranger(), stranger()
    here.signs_in(issuer, email)
    there.signs_in(issuer, email)
    left, stays = here.goes_live(), there.goes_live()
    assert here.posts("/api/sign-out", {}).status == 303
    left.is_closed()
    maria.texts(harbor.line, "Is anybody there?")
    stays.sees("Is anybody there?")
    stays.leaves()


def test_a_socket_that_is_gone_is_forgotten(deployment, harbor, dana, maria):
    socket = dana.goes_live()
    gone = secrets.token_hex(8)
    harbor.seeding.connection(harbor.id, gone)
    maria.texts(harbor.line, "Hello again")
    socket.sees("Hello again")
    eventually(lambda: gone not in connections_of(deployment, harbor), "it is forgotten")
    socket.leaves()
