"""The people who use a deployment, and the ways in which they reach it."""

import json
import secrets
import time

from websocket import WebSocketBadStatusException, WebSocketConnectionClosedException, create_connection

from deployment import ORIGIN_SECRET
from polling import eventually


class Response:
    """An HTTP response."""

    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.cookies = response.cookies.get_dict()
        self.body = response.text

    def json(self):
        return json.loads(self.body)

    def code(self):
        """Returns the error code of the response."""
        return self.json()["error"]["code"]

    def items(self):
        assert self.status == 200, f"{self.status}: {self.body}"
        return self.json()["items"]


class Company:
    """A company that the deployment serves, with a line."""

    def __init__(self, deployment, seeding, company, name, region, line):
        self.deployment, self.seeding = deployment, seeding
        self.id, self.name, self.region, self.line = company, name, region, line
        self.key = seeding.company(company, name, region, line)

    def adds_line(self, number, **origin):
        self.seeding.line(self.id, number, self.key, **origin)

    def employs(self, staff, name, is_administrator=False):
        """Adds a member of staff. Returns the email address that they sign in with."""
        email = f"{staff}@{self.id}.example"
        self.seeding.staff(self.id, staff, name, email, is_administrator)
        return email

    def staff(self, staff, name, ends_in=3600, is_administrator=False):
        """Adds a member of staff, and returns them signed in."""
        self.employs(staff, name, is_administrator)
        return Staff(self.deployment, self.seeding.session(self.id, staff, ends_in), lambda: self.seeding.session(self.id, staff))


class Customer:
    """A customer with a phone. Their texts arrive as the SMS service publishes them."""

    def __init__(self, deployment, number):
        self.deployment, self.number = deployment, number
        self.sns = deployment.emulator.client("sns")

    def texts(self, line, text, inbound_id=None):
        sms = self.sms(line, text, inbound_id)
        self.publishes(json.dumps(sms))
        return sms["inboundMessageId"]

    def sms(self, line, text, inbound_id=None):
        return {
            "originationNumber": self.number,
            "destinationNumber": line,
            "messageKeyword": "KEYWORD",
            "messageBody": text,
            "inboundMessageId": inbound_id or secrets.token_hex(16),
            "previousPublishedMessageId": "",
        }

    def envelope(self, line, text):
        """Returns a text as the SNS topic delivers it to the queue."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        return json.dumps({"Type": "Notification", "Timestamp": at, "Message": json.dumps(self.sms(line, text))})

    def publishes(self, message):
        self.sns.publish(TopicArn=self.deployment.outputs["InboundTopic"], Message=message)

    def received(self):
        return [sms["Message"] for sms in self.deployment.emulator.sms_sent_to(self.number)]


class Staff:
    """A member of staff with a browser, or anybody else with a cookie of their choice."""

    def __init__(self, deployment, token=None, signs_in_again=None):
        self.deployment, self.signs_in_again = deployment, signs_in_again
        self.cookies = {"__Host-switchboard": token} if token else {}

    def request(self, method, path, headers=None, **options):
        """Sends a request. Signs in and sends it again if the portal answers `sign-in-again`."""
        answer = self.request_once(method, path, headers, **options)
        if self.signs_in_again and answer.status == 409 and answer.code() == "sign-in-again":
            self.cookies["__Host-switchboard"] = self.signs_in_again()
            answer = self.request_once(method, path, headers, **options)
        return answer

    def request_once(self, method, path, headers=None, **options):
        said = {"Accept": "application/json"} | (headers or {})
        if self.cookies:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = Response(self.deployment.request(path, method, said, **options))
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        return answer

    def gets(self, path):
        return self.request("GET", path)

    def posts(self, path, body, **headers):
        return self.request("POST", path, json=body, headers={"Sec-Fetch-Site": "same-origin"} | headers)

    def puts(self, path, body):
        return self.request("PUT", path, json=body, headers={"Sec-Fetch-Site": "same-origin"})

    def deletes(self, path):
        return self.request("DELETE", path, headers={"Sec-Fetch-Site": "same-origin"})

    def is_notified_in(self, browser):
        """Turns notifications on in a browser, or renews its push subscription. Returns the subscription's id."""
        settings = self.gets("/api/push-subscriptions")
        assert settings.status == 200, f"{settings.status}: {settings.body}"
        subscription = browser.subscribes(settings.json()["key"])
        answer = self.puts("/api/push-subscriptions", subscription)
        assert answer.status in (200, 201), f"{answer.status}: {answer.body}"
        return answer.json()["id"]

    def books(self, name, number, appointment=None, **fields):
        """Books an appointment of 30 minutes, at this hour tomorrow unless `fields` says otherwise. `appointment` is
        its id, if given."""
        tomorrow = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() + 24 * 60 * 60))
        booking = {"name": name, "number": number, "start": tomorrow, "minutes": 30, "service": "Cleaning"} | fields
        if appointment:
            booked = self.puts(f"/api/appointments/{appointment}", booking)
        else:
            booked = self.posts("/api/appointments", booking)
        assert booked.status == 201, f"{booked.status}: {booked.body}"
        return booked.json()

    def changes_appointment(self, appointment, **fields):
        """Changes an appointment, with the version that it has now."""
        path = f"/api/appointments/{appointment}"
        changed = self.posts(path, {"version": self.gets(path).json()["version"]} | fields)
        assert changed.status == 200, f"{changed.status}: {changed.body}"

    def status_of(self, appointment):
        return self.gets(f"/api/appointments/{appointment}").json()["status"]

    def opens_socket(self, **headers):
        """Opens a page's WebSocket, as CloudFront would (adaptation 2). Returns the status if it is refused."""
        headers = {ORIGIN_SECRET: self.deployment.origin_secret["current"]} | headers
        address = self.deployment.emulator.url.replace("http://", "ws://") + self.deployment.socket_path
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None
        named = [f"{name}: {value}" for name, value in headers.items()]
        try:
            return Socket(create_connection(address, timeout=60, cookie=cookie, header=named, suppress_origin=True))
        except WebSocketBadStatusException as refused:
            return refused.status_code

    def signs_in(self, issuer, email):
        """Signs in through the portal and the issuer. Returns the page that the browser ends on."""
        begun = self.request("GET", "/api/sign-in?back=/messages.html", headers={"Accept": "text/html"})
        assert begun.status == 303, begun.body
        back = issuer.authorize(begun.headers["location"], email)
        address = self.deployment.outputs["PortalAddress"]
        assert back.startswith(f"{address}/"), back
        finished = self.request("GET", back.removeprefix(address), headers={"Accept": "text/html"})
        assert finished.status == 303, finished.body
        return finished.headers["location"]

    def notifications(self):
        return self.gets("/api/notifications?limit=100").items()

    def sees(self, customer, text):
        """Returns the notification of a customer's text, once it is there. Other customers may have sent the same
        text."""
        said = {"number": customer.number, "text": text}
        return eventually(
            lambda: next((item for item in self.notifications() if said.items() <= item.items()), None), f"the notification of {text!r} is shown"
        )

    def messages(self, conversation):
        return self.gets(f"/api/conversations/{conversation}/messages?limit=100").items()

    def conversation_with(self, number):
        found = [it for it in self.gets("/api/conversations?limit=100").items() if it["number"] == number]
        assert len(found) == 1, f"expected one conversation with that number, found {len(found)}"
        return found[0]

    def replies(self, conversation, text):
        return self.posts(f"/api/conversations/{conversation}/messages", {"text": text})

    def writes_first(self, to, text):
        return self.posts("/api/messages", {"to": to, "text": text})


class Socket:
    """A page's WebSocket."""

    def __init__(self, connection):
        self.connection = connection

    def sees(self, text):
        """Returns the next frame that contains a text."""
        while True:
            frame = self.connection.recv()
            assert frame, f"the WebSocket closed before a frame with {text!r}"
            if text in frame:
                return frame

    def waits_for_all(self, *texts):
        """Receives frames until each text was in one of them: simultaneous events may come in one frame or in several."""
        seen = []
        while not all(any(text in frame for frame in seen) for text in texts):
            frame = self.connection.recv()
            assert frame, f"the WebSocket closed before frames with all of {texts!r}"
            seen.append(frame)

    def frames_until_now(self):
        """Returns all frames until now."""
        self.connection.send('{"action":"ping"}')
        seen = []
        while (frame := self.connection.recv()) != "pong":
            assert frame, "the WebSocket closed before the pong"
            seen.append(frame)
        return "".join(seen)

    def answers_ping(self):
        """Returns whether a ping is answered. It is not if the connection is closed."""
        try:
            self.connection.send('{"action":"ping"}')
            while (frame := self.connection.recv()) not in ("pong", ""):
                pass
            return frame == "pong"
        except (WebSocketConnectionClosedException, ConnectionError):
            return False

    def waits_until_closed(self):
        """Waits until the server closes the connection."""
        try:
            while self.connection.recv():
                pass
        except WebSocketConnectionClosedException:
            pass

    def closes(self):
        self.connection.close()
