"""MiniStack, an emulated AWS on a free port. It enforces roles, and ends with the tests."""

import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import boto3
import requests
from botocore.config import Config

from adaptations import SmsServiceStub
from polling import eventually
from recorder import Recorder

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "tools"
REGION = "us-east-1"
# The root user of the emulated account: it deploys, seeds and inspects. Functions have their own roles.
ROOT_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class Emulator:
    def __init__(self, roots):
        """Starts MiniStack. `roots` is the file of root certificates that functions trust outside AWS."""
        self.home = tempfile.TemporaryDirectory(prefix="switchboard-ministack-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.recorder = Recorder(self.port)
        self.log = Path(self.home.name) / "ministack.log"
        environment = {
            "HOME": self.home.name,
            "TMPDIR": self.home.name,
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # Enforces the execution roles.
            "AUTH": "true",
            # Only the functions read this: they call AWS through the recorder.
            "AWS_ENDPOINT_URL": self.recorder.url,
            # The functions read this too. See adaptation 9.
            "SSL_CERT_FILE": str(roots),
        }
        with self.log.open("wb") as log:
            # In a session of its own, so that the functions that MiniStack has started end with it.
            self.process = subprocess.Popen(
                [TOOLS / "ministack" / "bin" / "ministack"], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        eventually(self.is_up, "MiniStack answers")
        self.sms_service = SmsServiceStub(self)
        self.recorder.stubs |= self.sms_service.stubs()

    def is_up(self):
        assert self.process.poll() is None, f"MiniStack has ended:\n{self.log.read_text()[-2000:]}"
        try:
            return requests.get(f"{self.url}/_ministack/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def client(self, service, region=REGION):
        # No retries: a test must see each response of the emulator.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        return boto3.client(service, endpoint_url=self.url, region_name=region, config=config, **ROOT_CREDENTIALS)

    def environment(self):
        """Returns the environment for sam and the AWS CLI, without the variables of the user who runs the tests."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return mine | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ROOT_CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ROOT_CREDENTIALS["aws_secret_access_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_BETA_RUST_CARGO_LAMBDA": "1",
        }

    @property
    def aws(self):
        """The command line of the AWS CLI (adaptation 8)."""
        return [str(TOOLS / "sam" / "bin" / "aws"), "--endpoint-url", self.url]

    def sms_sent_to(self, number):
        """Returns the messages that were sent to a number."""
        outbox = requests.get(f"{self.url}/_ministack/sns/sms-messages", params={"phoneNumber": number}, timeout=30).json()
        return [sms for messages in outbox["sms_messages"].values() for sms in messages]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.recorder.stop()
        self.home.cleanup()
