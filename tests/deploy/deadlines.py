"""Waiting for something asynchronous: poll until it holds, instead of a fixed sleep."""

import time

# In seconds. Nothing takes nearly as long; only a test that fails waits until the end.
PATIENCE = 30


def eventually(ask, what, patience=PATIENCE):
    """Returns the first truthy result of `ask`. Until then `ask` may raise `AssertionError`."""
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
