"""Those who use a deployment, and the doors that they have."""

import json
import secrets

import requests

from deadlines import eventually
from deployment import PORTAL


class Answer:
    """An HTTP answer, in the words of the journeys."""

    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.text

    def json(self):
        return json.loads(self.body)

    def code(self):
        """Which problem it tells of."""
        return self.json()["error"]["code"]

    def items(self):
        assert self.status == 200, f"{self.status}: {self.body}"
        return self.json()["items"]


class Company:
    """A company that the deployment serves, with a line of its own."""

    def __init__(self, deployment, seeding, company, name, region, line):
        self.deployment, self.seeding = deployment, seeding
        self.id, self.name, self.region, self.line = company, name, region, line
        self.key = seeding.company(company, name, region, line)

    def adds_line(self, number):
        self.seeding.line(self.id, number, self.key)

    def staff(self, person, name, ends_in=3600):
        staff = f"{self.id}-{person}"
        self.seeding.staff(self.id, staff, name)
        token = self.seeding.session(staff, name, self.id, self.name, self.region, ends_in)
        return Staff(self.deployment, token)


class Customer:
    """Somebody with a phone. What they text comes as the SMS service publishes it."""

    def __init__(self, deployment, number):
        self.deployment, self.number = deployment, number
        self.sns = deployment.emulator.client("sns")

    def texts(self, line, text, inbound_id=None):
        sms = {
            "originationNumber": self.number,
            "destinationNumber": line,
            "messageKeyword": "KEYWORD",
            "messageBody": text,
            "inboundMessageId": inbound_id or secrets.token_hex(16),
            "previousPublishedMessageId": "",
        }
        self.publishes(json.dumps(sms))
        return sms["inboundMessageId"]

    def publishes(self, message):
        self.sns.publish(TopicArn=self.deployment.outputs["InboundTopic"], Message=message)

    def received(self):
        return [sms["Message"] for sms in self.deployment.emulator.sms_sent_to(self.number)]


class Staff:
    """A member of staff at a browser; or somebody else, with whatever cookie they have."""

    def __init__(self, deployment, token=None):
        self.deployment = deployment
        # By hand: a client does not send a Secure cookie over plain HTTP, which is all that the emulator speaks.
        self.cookies = {"Cookie": f"__Host-switchboard={token}"} if token else {}

    def asks(self, method, path, **options):
        headers = {"Accept": "application/json"} | self.cookies | options.pop("headers", {})
        url = self.deployment.api(path)
        return Answer(requests.request(method, url, headers=headers, timeout=60, allow_redirects=False, **options))

    def gets(self, path):
        return self.asks("GET", path)

    def posts(self, path, body, **headers):
        return self.asks("POST", path, json=body, headers={"Origin": PORTAL} | headers)

    def notifications(self):
        return self.gets("/api/notifications?limit=100").items()

    def sees(self, text):
        """The notification of a text, as soon as it is shown."""
        return eventually(
            lambda: next((item for item in self.notifications() if item["text"] == text), None), f"{text!r} is shown"
        )

    def messages(self, conversation):
        return self.gets(f"/api/conversations/{conversation}/messages?limit=100").items()

    def conversation_with(self, number):
        found = [it for it in self.gets("/api/conversations?limit=100").items() if it["number"] == number]
        assert len(found) == 1, f"{len(found)} conversations with that number"
        return found[0]

    def replies(self, conversation, text):
        return self.posts(f"/api/conversations/{conversation}/messages", {"text": text})

    def writes_first(self, to, text):
        return self.posts("/api/messages", {"to": to, "text": text})
