"""Pages that show what happens as it does: stream, function, WebSocket, as deployed."""

import secrets

from deadlines import eventually
from functions_at_work import connections_of


def test_a_text_is_on_the_screens_of_its_company_and_on_no_other(harbor, dana, josie, maria):
    hers, theirs = dana.goes_live(), josie.goes_live()
    maria.texts(harbor.line, "Running 10 min late, ok?")
    frame = hers.sees("Running 10 min late, ok?")
    conversation = dana.conversation_with(maria.number)["conversation"]
    assert f'<template data-live="messages" data-conversation="{conversation}">' in frame
    for row in ('<template data-live="notifications"><li class="row waits"', '<template data-live="conversations"><li'):
        assert row in frame
    assert dana.replies(conversation, "No problem, see you soon.").status == 201
    hers.sees("No problem, see you soon.")
    assert theirs.everything() == ""
    hers.leaves()
    theirs.leaves()


def test_nobody_gets_a_socket_without_a_session_of_their_own(harbor, dana, stranger):
    assert stranger().goes_live() == 401
    assert stranger("0" * 64).goes_live() == 403
    assert harbor.staff("late", "Late Larry", ends_in=-1).goes_live() == 403
    # MiniStack closes what `$connect` refuses; the status is the function's, and asserted locally.
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
