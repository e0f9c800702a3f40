"""Decrypts our push notifications and verifies their signatures with implementations that are not ours."""

import base64
import json
import queue
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stack import Stack

def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def private_key(text):
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), ec.SECP256R1())


class TheStandardsExample(unittest.TestCase):
    """Checks the other implementation with the example of RFC 8291, section 5."""

    BODY = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    TEXT = b"When I grow up, I want to be a watermelon"
    AUTH = decoded("BTBZMqHH6r4Tts7J_aSIgg")

    def test_it_is_written_byte_by_byte_and_read(self):
        ours = private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
        browsers = private_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
        written = http_ece.encrypt(
            self.TEXT, salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"), private_key=ours, dh=point(browsers.public_key()),
            auth_secret=self.AUTH, rs=4096, version="aes128gcm",
        )
        self.assertEqual(encoded(written), self.BODY)
        read = http_ece.decrypt(decoded(self.BODY), private_key=browsers, auth_secret=self.AUTH, version="aes128gcm")
        self.assertEqual(read, self.TEXT)


class Service(ThreadingHTTPServer):
    """A push service that accepts every push."""

    def __init__(self):
        pushed = self.pushed = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                pushed.put((self.path, dict(self.headers.items()), body))
                self.send_response(201)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """Ignores the connection that the stack closes when it ends."""


class WhatIsPushed(unittest.TestCase):
    def setUp(self):
        self.service = Service()
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)
        self.stack = Stack(self.service.origin)
        self.addCleanup(self.stack.close)
        self.cookie = self.stack.sign_in("harbor-dental.dana")
        self.browser = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"sixteen bytes..."
        keys = {"p256dh": encoded(point(self.browser.public_key())), "auth": encoded(self.auth)}
        subscription = {"endpoint": f"{self.service.origin}/browser", "expirationTime": None, "keys": keys}
        kept = self.stack.ask("PUT", "/api/push-subscriptions", subscription, self.cookie)
        self.assertEqual(kept.status, 201, kept.body)
        self.key = kept.json()["key"]

    def texts(self, text):
        self.stack.texts(text)
        return self.service.pushed.get(timeout=60)

    def reads(self, body):
        read = http_ece.decrypt(body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm")
        return json.loads(read)

    def test_a_browser_that_is_not_ours_reads_it(self):
        for text in ["Can I come at 3?", "Zahnärztin? 🦷 字", '"quoted" \\ and\nmore']:
            path, headers, body = self.texts(text)
            self.assertEqual((path, headers["content-encoding"]), ("/browser", "aes128gcm"))
            shown = self.reads(body)
            self.assertEqual((shown["title"], shown["body"]), ("(425) 555-0182", text))

    def test_the_longest_text_fits_what_push_services_take(self):
        _, _, body = self.texts("字" * 1500)
        self.assertLessEqual(len(body), 4096)
        shown = self.reads(body)["body"]
        self.assertTrue(shown.endswith("…") and shown.count("字") > 800, shown)

    def test_a_push_service_that_is_not_ours_verifies_who_pushes(self):
        _, headers, _ = self.texts("Hello")
        scheme, rest = headers["authorization"].split(" ", 1)
        signed = dict(part.strip().split("=", 1) for part in rest.split(","))
        self.assertEqual((scheme, signed["k"]), ("vapid", self.key))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(signed["k"]))
        claims = jwt.decode(signed["t"], public, algorithms=["ES256"], audience=self.service.origin)
        self.assertTrue(claims["sub"].startswith("mailto:"))
        self.assertTrue(time.time() < claims["exp"] <= time.time() + 24 * 3600, "RFC 8292, section 2")
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        with self.assertRaises(jwt.InvalidSignatureError):
            jwt.decode(signed["t"], other, algorithms=["ES256"], audience=self.service.origin)


if __name__ == "__main__":
    unittest.main()
