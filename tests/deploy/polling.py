"""Waiting for something asynchronous: poll until it holds, instead of a fixed sleep."""

import time

# In seconds. Nothing takes nearly as long; only a test that fails waits until the end.
TIMEOUT = 30


def eventually(probe, what, timeout=TIMEOUT):
    """Returns the first truthy result of `probe`. Until then `probe` may raise `AssertionError`."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            answer, failure = probe(), None
        except AssertionError as error:
            answer, failure = None, error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout} s") from failure
        time.sleep(0.1)
