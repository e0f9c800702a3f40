"""Waiting for what happens by itself: asked again until it holds, never slept for."""

import time

# Far above what anything takes; only a test that fails waits this long.
PATIENCE = 30


def eventually(ask, what, patience=PATIENCE):
    """What `ask` answers, as soon as that is something. It may raise AssertionError until then."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answer, doubt = ask(), None
        except AssertionError as error:
            answer, doubt = None, error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {patience} s") from doubt
        time.sleep(0.1)
