"""The local stack, with the requests of a browser and of a customer's phone."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request


LINE, CUSTOMER = "+12065550142", "+14255550182"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)

    def cookie(self, name):
        for cookie in self.headers.get_all("set-cookie") or []:
            pair = cookie.split(";")[0]
            if pair.startswith(name + "=") and not pair.endswith("="):
                return pair
        raise AssertionError(f"no cookie {name}: {self.status}")


class Stack:
    """A local stack in memory (`switchboard --memory`) that may push to one push service on this machine."""

    def __init__(self, push_service):
        arguments = [os.environ["SWITCHBOARD"], "--memory", "--no-demo", "--port", "0", "--push-service", push_service]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        self.opener = urllib.request.build_opener(NoRedirect)
        for line in self.process.stdout:
            if found := re.search(r"Portal\s+(http://\S+?)/?$", line.strip()):
                self.address = found.group(1)
                return
        raise AssertionError("the stack does not start")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, method, path, body=None, cookie=None, form=None):
        headers = {"accept": "application/json"}
        if cookie:
            headers["cookie"] = cookie
        if form is not None:
            body, headers["content-type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            body, headers["content-type"] = json.dumps(body).encode(), "application/json"
        address = path if path.startswith("http") else self.address + path
        try:
            return Answer(self.opener.open(urllib.request.Request(address, body, headers, method=method), timeout=30))
        except urllib.error.HTTPError as answer:
            return Answer(answer)

    def texts(self, text):
        """Sends a text of a customer to Harbor Dental."""
        sent = self.ask("POST", "/local/handset/messages", form={"from": CUSTOMER, "to": LINE, "text": text})
        assert sent.status == 204, sent.body

    def sign_in(self, staff):
        """Signs in a member of staff, `<company>.<person>`. Returns the cookie of the session."""
        begun = self.ask("GET", "/api/sign-in")
        provider = urllib.parse.urlsplit(begun.headers["location"])
        form = urllib.parse.parse_qsl(provider.query) + [("staff", staff)]
        picked = self.ask("POST", provider.path, form=form)
        callback = urllib.parse.urlsplit(picked.headers["location"])
        cookie = begun.headers["set-cookie"].split(";")[0]
        back = self.ask("GET", f"{callback.path}?{callback.query}", cookie=cookie)
        return back.cookie("switchboard")
