"""Live updates of open pages, as deployed: stream, function, WebSocket."""

import secrets

import pytest

from calls import Call
from exercises import connections_of
from polling import eventually


@pytest.fixture
def screen(dana, josie):
    """The WebSocket of a page of Harbor Dental. Another company's WebSocket must receive nothing meanwhile."""
    hers, theirs = dana.opens_socket(), josie.opens_socket()
    yield hers
    assert theirs.frames_until_now() == ""
    hers.closes()
    theirs.closes()


def test_an_inbound_message_is_on_the_screens_of_its_company_only(harbor, dana, screen, maria):
    maria.texts(harbor.line, "Running 10 min late, ok?")
    frame = screen.sees("Running 10 min late, ok?")
    conversation = dana.conversation_with(maria.number)["conversation"]
    assert f'<template data-live="messages" data-conversation="{conversation}">' in frame
    for row in ('<template data-live="notifications"><li class="row waits"', '<template data-live="conversations"><li'):
        assert row in frame


def test_a_reply_and_its_status_are_on_a_colleagues_screen(harbor, dana, screen, maria):
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


def test_a_customers_name_is_on_the_screens_when_it_is_saved(harbor, dana, screen, maria):
    maria.texts(harbor.line, "Who is there?")
    conversation = dana.sees(maria, "Who is there?")["conversation"]
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    screen.sees("Maria Lopez")
    dana.changes_appointment(appointment, name="Maria Garcia")
    frame = screen.sees("Maria Garcia")
    for row in ('<template data-live="conversations"><li', f'<template data-live="head" data-conversation="{conversation}">'):
        assert row in frame


def test_a_confirmation_call_is_on_the_screens(deployment, harbor, dana, screen, maria):
    appointment = dana.books("Maria Lopez", maria.number)
    call = Call(harbor.line, maria.number, appointment["id"])
    assert deployment.invoke("ConfirmationCall", call.pressed("2")) == {"result": "declined"}
    thread = f'<template data-live="messages" data-conversation="{appointment["conversation"]}">'
    screen.waits_for_all('<template data-live="notifications"><li class="row waits"', "Maria Lopez", "Declined", thread)


def test_screens_are_told_to_reload_a_cancelled_appointment(harbor, dana, screen, maria):
    appointment = dana.books("Maria Lopez", maria.number)["id"]
    hint = f'data-live="appointments" data-appointment="{appointment}"'
    screen.sees(hint)
    maria.texts(harbor.line, "I cannot come after all")
    screen.sees("I cannot come after all")
    dana.changes_appointment(appointment, cancel="yes")
    screen.sees(hint)
    assert dana.status_of(appointment) == "cancelled"


def test_a_websocket_needs_a_valid_session_and_the_portals_own_page(harbor, dana, visitor):
    assert visitor().opens_socket() == 401
    assert visitor("0" * 64).opens_socket() == 403
    assert harbor.staff("late", "Late Larry", ends_in=-1).opens_socket() == 403
    # MiniStack closes the connection when `$connect` refuses it. The status comes from the function, and a local test
    # asserts it.
    assert isinstance(dana.opens_socket(Origin="https://evil.example"), int)
    assert isinstance(dana.opens_socket(**{"Sec-Fetch-Site": "cross-site"}), int)


def test_signing_out_closes_the_websockets_of_that_session_only(harbor, issuer, visitor, maria):
    email = harbor.employs("priya", "Priya Natarajan")
    here, there = visitor(), visitor()
    here.signs_in(issuer, email)
    there.signs_in(issuer, email)
    left, stays = here.opens_socket(), there.opens_socket()
    assert here.posts("/api/sign-out", {}).status == 303
    left.waits_until_closed()
    maria.texts(harbor.line, "Is anybody there?")
    stays.sees("Is anybody there?")
    stays.closes()


def test_a_closed_websocket_is_removed_from_the_table(deployment, harbor, dana, maria):
    socket = dana.opens_socket()
    gone = secrets.token_hex(8)
    harbor.seeding.connection(harbor.id, gone)
    maria.texts(harbor.line, "Hello again")
    socket.sees("Hello again")
    eventually(lambda: gone not in connections_of(deployment, harbor), "the closed WebSocket is removed from the table")
    socket.closes()
