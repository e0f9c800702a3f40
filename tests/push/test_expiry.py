"""An expired push subscription, with a push service that is not ours: npm's web-push-testing."""

import json
import os
import re
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from stack import Stack


class WebPushTesting:
    """A push service that verifies the signature of a push and decrypts it, until the push subscription expires."""

    PROGRAM = os.path.join(os.path.dirname(__file__), "node_modules", "web-push-testing", "src", "bin", "server.js")

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(["node", self.PROGRAM, str(self.port)], stdout=subprocess.PIPE, text=True)
        if f"running on port {self.port}" not in self.process.stdout.readline():
            self.close()
            raise AssertionError("web-push-testing does not start")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, path, body):
        """Posts a body. Returns the status and the body of the response."""
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.origin + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read()

    def subscribe(self, key):
        """Returns a browser's `PushSubscription.toJSON()`, and the subscription's name at the push service."""
        status, body = self.ask("/subscribe", {"userVisibleOnly": "true", "applicationServerKey": key})
        assert status == 200, body
        made = json.loads(body)["data"]
        # It returns `localhost`, which may resolve to another address. The stack accepts 127.0.0.1.
        endpoint = re.sub("^http://localhost:", "http://127.0.0.1:", made["endpoint"])
        return {"endpoint": endpoint, "expirationTime": None, "keys": made["keys"]}, made["clientHash"]

    def shown(self, name):
        _, body = self.ask("/get-notifications", {"clientHash": name})
        messages = [json.loads(message) for message in json.loads(body)["data"]["messages"]]
        return [message["body"] for message in messages if message["kind"] == "message"]

    def expire(self, name):
        status, body = self.ask(f"/expire-subscription/{name}", {})
        assert status == 200, body


class WhatHasExpired(unittest.TestCase):
    def setUp(self):
        self.service = WebPushTesting()
        self.addCleanup(self.service.close)
        self.stack = Stack(self.service.origin)
        self.addCleanup(self.stack.close)
        self.cookie = self.stack.sign_in("harbor-dental.dana")

    def settings(self):
        return self.stack.ask("GET", "/api/push-subscriptions", cookie=self.cookie).json()

    def browsers(self):
        return [browser["id"] for browser in self.settings()["browsers"]]

    def allows(self):
        """Turns notifications on in a browser. Returns the subscription's id, and its name at the push service."""
        subscription, name = self.service.subscribe(self.settings()["key"])
        kept = self.stack.ask("PUT", "/api/push-subscriptions", subscription, self.cookie)
        self.assertEqual(kept.status, 201, kept.body)
        return kept.json()["id"], name

    def until(self, what, expected):
        """Polls until `what` returns the expected value."""
        patience = time.monotonic() + 60
        while (found := what()) != expected:
            self.assertLess(time.monotonic(), patience, f"{found} is not {expected}")
            time.sleep(0.05)

    def test_a_browser_that_has_expired_is_forgotten_and_no_other(self):
        (expires, its_name), (stays, other_name) = self.allows(), self.allows()
        self.assertCountEqual(self.browsers(), [expires, stays])
        self.stack.texts("Can I come at 3?")
        for name in [its_name, other_name]:
            self.until(lambda: self.service.shown(name), ["Can I come at 3?"])
        self.service.expire(its_name)
        status, _ = self.service.ask(f"/notify/{its_name}", {})
        self.assertEqual(status, 410)
        self.stack.texts("Or at 4?")
        self.until(lambda: self.service.shown(other_name), ["Can I come at 3?", "Or at 4?"])
        self.until(self.browsers, [stays])
        self.assertEqual(self.service.shown(its_name), ["Can I come at 3?"])


if __name__ == "__main__":
    unittest.main()
