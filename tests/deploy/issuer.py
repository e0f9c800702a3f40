"""An OpenID Connect issuer on this machine, in place of a company's own. It signs with RSA, as Cognito does."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

CLIENT = "switchboard"


def encoded(content):
    content = json.dumps(content).encode() if isinstance(content, dict) else content
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    def __init__(self):
        self.secret = secrets.token_hex(16)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes = {}
        # The new subjects of accounts that were deleted and created again, by email address.
        self.replaced_subjects = {}
        issuer = self

        class IssuerHandler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                found = {"/.well-known/openid-configuration": issuer.metadata, "/keys": issuer.keys}.get(self.path)
                self.answers(200, found()) if found else self.answers(404, {})

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answers(*issuer.token(self.headers, {name: values[0] for name, values in form.items()}))

            def answers(self, status, content):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), IssuerHandler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def parameters(self):
        return {"OidcIssuer": self.address, "OidcClientId": CLIENT, "OidcClientSecret": self.secret}

    def metadata(self):
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self):
        public = self.key.public_key().public_numbers()
        number = lambda value: encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        return {"keys": [{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": number(public.n), "e": number(public.e)}]}

    def authorize(self, address, email):
        """Signs somebody in at the authorization endpoint. Returns the redirect URL for their browser."""
        assert address.startswith(f"{self.address}/authorize?"), address
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = secrets.token_hex(16)
        self.codes[code] = asked | {"email": email}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, headers, exchange):
        known = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        if headers["Authorization"] != f"Basic {known}":
            return 401, {"error": "invalid_client"}
        grant = self.codes.pop(exchange["code"], None)
        challenge = encoded(hashlib.sha256(exchange["code_verifier"].encode()).digest())
        if not grant or grant["code_challenge"] != challenge or grant["redirect_uri"] != exchange["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.address,
            "sub": self.replaced_subjects.get(grant["email"]) or hashlib.sha256(grant["email"].encode()).hexdigest(),
            "aud": CLIENT,
            "iat": now,
            "auth_time": now,
            "exp": now + 300,
            "nonce": grant["nonce"],
            "email": grant["email"],
            "email_verified": True,
        }
        signed = f"{encoded({'alg': 'RS256', 'typ': 'JWT', 'kid': '1'})}.{encoded(claims)}"
        id_token = f"{signed}.{encoded(self.key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"
        return 200, {"access_token": secrets.token_hex(16), "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
