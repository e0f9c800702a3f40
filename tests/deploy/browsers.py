"""Browsers of staff: they subscribe to push notifications, and decrypt them with a library that is not ours."""

import base64
import json
import secrets

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from push_service import PUSH_HOST


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    def __init__(self, service=PUSH_HOST):
        self.service = service
        # The path is a secret: with it and the key of the subscription, a server can push to the browser.
        self.path = f"/fcm/send/{secrets.token_hex(8)}"
        self.signed_by = None
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)

    def subscribes(self, key):
        """Returns the body that a page sends: `PushSubscription.toJSON()` and the application server key of the
        first call."""
        self.signed_by = self.signed_by or key
        return {"endpoint": f"https://{self.service}{self.path}", "expirationTime": None, "keys": self.keys(), "key": self.signed_by}

    def keys(self):
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": encoded(point), "auth": encoded(self.auth)}

    def secrets(self):
        """Returns the values that must not appear in a log."""
        return [self.path.rsplit("/", 1)[-1], *self.keys().values()]

    def reads(self, push):
        return json.loads(http_ece.decrypt(push.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))
