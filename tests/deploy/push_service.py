"""A push service on this machine: with TLS, at an address that anybody could reach, by the name of one that browsers
are known to use. `hosts` leads there, and an authority of its own certifies it."""

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
# Those of `hosts`.
NAME = "fcm.googleapis.com"
NOT_CERTIFIED = "updates.push.services.mozilla.com"
INSIDE = "jmt17.google.com"
# Public until a test has it stand for something else.
REBOUND = "web.push.apple.com"


@dataclass(frozen=True)
class Push:
    """What was sent to a browser."""

    # When it came, by the monotonic clock.
    at: float
    headers: Message
    body: bytes

    @property
    def is_of_another_browser(self):
        """That another one of the same person was added: news of a customer has a topic, and a test is over in minutes."""
        return "Topic" not in self.headers and int(self.headers["TTL"]) > 240


class PushService:
    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="switchboard-push-service-")
        # Whose certificates are to be believed.
        self.roots = Path(self.home.name) / "roots.pem"
        # All that came, by the browser's path.
        self.pushes = defaultdict(list)
        # How often a browser was told that another was added. It is taken whatever is answered to news.
        self.told_of_others = Counter()
        # Status and headers of the next answers to a browser's path; what is not listed is taken.
        self.answers = defaultdict(list)
        service = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                push = Push(time.monotonic(), self.headers, body)
                if push.is_of_another_browser:
                    service.told_of_others[self.path] += 1
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
                """Whoever does not believe the certificate hangs up, and so does a function that ends."""

        try:
            self.server = Server(ADDRESS, Door)
        except OSError as error:
            raise AssertionError(f"{ADDRESS[0]} is not this machine: run the tests by tests/deploy/run or alone") from error
        # The handshake is left to each connection's own thread.
        self.server.socket = self.certified().wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def certified(self):
        """Makes an authority and has it certify the name."""
        authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The tests' own authority")])
        root = certificate(issuer, authority, issuer, authority, x509.BasicConstraints(ca=True, path_length=0))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        leaf = certificate(subject, key, issuer, authority, x509.SubjectAlternativeName([x509.DNSName(NAME)]))
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
