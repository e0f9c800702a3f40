"""MiniStack: an AWS of our own on a free port, with roles enforced, gone when the tests end."""

import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import boto3
import requests
from botocore.config import Config

from adaptations import Carriers
from deadlines import eventually
from recorder import Recorder

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "tools"
REGION = "us-east-1"
# The root user of the emulated account: what deploys, seeds and looks. Functions have their roles.
OWNER = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class Emulator:
    def __init__(self, roots):
        """`roots` certify whom functions ask that is not AWS."""
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
            # Execution roles are enforced.
            "AUTH": "true",
            # Only the functions look at this: they call AWS through the recorder.
            "AWS_ENDPOINT_URL": self.recorder.url,
            # And at this. Adaptation 9.
            "SSL_CERT_FILE": str(roots),
        }
        with self.log.open("wb") as log:
            # A session of its own, so that the functions that it has started end with it.
            self.process = subprocess.Popen(
                [TOOLS / "ministack" / "bin" / "ministack"], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        eventually(self.is_up, "MiniStack answers")
        self.carriers = Carriers(self)
        self.recorder.stand_ins |= self.carriers.stand_ins()

    def is_up(self):
        assert self.process.poll() is None, f"MiniStack has ended:\n{self.log.read_text()[-2000:]}"
        try:
            return requests.get(f"{self.url}/_ministack/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def client(self, service, region=REGION):
        # No retries: what the emulator answers is what a test is to see.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        return boto3.client(service, endpoint_url=self.url, region_name=region, config=config, **OWNER)

    def environment(self):
        """For sam and the AWS CLI: everything of ours, nothing of whoever runs the tests."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return mine | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": OWNER["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": OWNER["aws_secret_access_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_BETA_RUST_CARGO_LAMBDA": "1",
        }

    @property
    def aws(self):
        """The AWS CLI's command. Adaptation 8."""
        return [str(TOOLS / "sam" / "bin" / "aws"), "--endpoint-url", self.url]

    def sms_sent_to(self, number):
        """What was sent to a number."""
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
