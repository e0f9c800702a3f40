"""A proxy between the functions and the emulator. It records the calls of each function."""

import hashlib
import http.client
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from authorisation import leading_keys, needs_of

UNSIGNED = "unsigned"
SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    key: str
    # The needed permissions: (action, resource).
    needs: tuple
    status: int
    answer: str
    # The partition keys of the call, if it is one to the table.
    keys: frozenset

    @property
    def denied(self):
        """Whether the call was denied. Amazon SNS names the error `AuthorizationError`, other services
        `AccessDenied`; the message is the same."""
        return self.status in (400, 403) and "is not authorized to perform" in self.answer

    def mentions(self, action):
        """Returns whether the response names an action. Amazon SNS writes its own name in capitals."""
        return action.lower() in self.answer.lower()


def access_key(function_arn, role_arn):
    """Returns the access key that MiniStack gives to a function with a role. It identifies the caller."""
    digest = hashlib.sha256(f"{function_arn}:{role_arn}".encode()).hexdigest()
    return f"ASIA{digest[:16].upper()}"


def caller_and_needs(headers, command, path, body, answer=""):
    """Returns the access key that signed a request, and the permissions that the request needs."""
    scope = SCOPE.search(headers.get("Authorization", ""))
    key, region, service = scope.groups() if scope else (UNSIGNED, UNSIGNED, UNSIGNED)
    return key, needs_of(service, region, command, path, headers, body, answer)


class Recorder:
    def __init__(self, emulator_port):
        self.calls = []
        # The functions that answer in the emulator's place, by `X-Amz-Target`.
        self.stubs = {}
        recorder = self

        class ProxyHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Whether a stand-in has answered on this connection.
            used = False

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub = recorder.stubs.get(self.headers.get("X-Amz-Target"))
                if stub:
                    if self.used:
                        # Like the connection of a function that was frozen: the server has closed it long ago.
                        self.close_connection = True
                        return
                    self.used = True
                    caller_needs = caller_and_needs(self.headers, self.command, self.path, body)
                    status, answer = stub(*caller_needs, json.loads(body))
                    content = json.dumps(answer).encode()
                    recorder.record(self.headers, self.command, self.path, body, status, content)
                    self.send_response(status)
                    self.send_header("Content-Type", "application/x-amz-json-1.0")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                upstream = http.client.HTTPConnection("127.0.0.1", emulator_port, timeout=60)
                try:
                    # The `Host` header stays unchanged: it is part of the signature.
                    upstream.request(self.command, self.path, body, dict(self.headers.items()))
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                recorder.record(self.headers, self.command, self.path, body, answer.status, content)
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                # A function may end while a connection is open. That is no error.
                pass

        self.server = Server(("127.0.0.1", 0), ProxyHandler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def record(self, headers, command, path, body, status, content):
        answer = content.decode(errors="replace")
        keys = leading_keys(headers.get("X-Amz-Target"), body)
        self.calls.append(Call(*caller_and_needs(headers, command, path, body, answer), status, answer, keys))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
