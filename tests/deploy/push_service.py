"""A push service on this machine, with TLS, a public address, and the host name of a known service.

`hosts` resolves the name to it. An authority of the tests' own signs its certificate.
"""

import datetime
import ssl
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ADDRESS = ("9.9.9.9", 443)
# The names in `hosts`.
PUSH_HOST = "fcm.googleapis.com"
UNCERTIFIED_HOST = "updates.push.services.mozilla.com"
PRIVATE_HOST = "jmt17.google.com"
# Its address is public until a test gives it another.
REBOUND_HOST = "web.push.apple.com"


@dataclass(frozen=True)
class Push:
    """A request that a browser's push subscription received."""

    # When it arrived, in seconds of the monotonic clock.
    at: float
    headers: Message
    body: bytes

    @property
    def is_new_browser_notice(self):
        """Whether it reports that the same person added another browser.

        A push about a customer has a topic. A test push has a TTL of minutes.
        """
        return "Topic" not in self.headers and int(self.headers["TTL"]) > 240


class PushService:
    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="switchboard-push-service-")
        # The root certificates that functions must trust.
        self.roots = Path(self.home.name) / "roots.pem"
        # All pushes, by the path of the browser's push subscription.
        self.pushes = defaultdict(list)
        # How often each browser was told about another. These pushes are accepted: `answers` does not apply to them.
        self.new_browser_notices = Counter()
        # Status and headers of the next responses, by the browser's path. Without an entry, the response is 201.
        self.answers = defaultdict(list)
        service = self

        class PushHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                push = Push(time.monotonic(), self.headers, body)
                if push.is_new_browser_notice:
                    service.new_browser_notices[self.path] += 1
                    answers = []
                else:
                    service.pushes[self.path].append(push)
                    answers = service.answers[self.path]
                status, headers = answers.pop(0) if answers else (201, {})
                self.send_response(status)
                for name, value in (headers | {"Content-Length": "0"}).items():
                    self.send_header(name, value)
                self.end_headers()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Ignores closed connections: a function that does not trust the certificate, or that ends, closes
                its connection."""

        try:
            self.server = Server(ADDRESS, PushHandler)
        except OSError as error:
            raise AssertionError(f"{ADDRESS[0]} is not this machine: run the tests with tests/deploy/run or tests/deploy/alone") from error
        # Each connection's own thread does the handshake.
        self.server.socket = self.tls_context().wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tls_context(self):
        """Creates an authority and a certificate for the host name. Returns the TLS context."""
        authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The tests' own authority")])
        root = certificate(issuer, authority, issuer, authority, x509.BasicConstraints(ca=True, path_length=0))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PUSH_HOST)])
        leaf = certificate(subject, key, issuer, authority, x509.SubjectAlternativeName([x509.DNSName(PUSH_HOST)]))
        self.roots.write_bytes(root.public_bytes(Encoding.PEM))
        chain = Path(self.home.name) / "push-service.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain.write_bytes(private + leaf.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.home.cleanup()


def certificate(subject, key, issuer, authority, extension):
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key()).issuer_name(issuer)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    return made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints)).sign(authority, SHA256())
