"""Whoever operates a deployment, with the `admin` command: what a company needs to be there."""

import json
import secrets
import subprocess

from emulator import ROOT, TOOLS
from people import Customer, Staff


class Operator:
    def __init__(self, deployment):
        self.deployment = deployment

    def runs(self, *arguments):
        command = [ROOT / "target" / "debug" / "switchboard-admin", "--stack", self.deployment.name, *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.deployment.emulator.environment(), text=True, capture_output=True)

    def does(self, *arguments):
        ran = self.runs(*arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def aws(self, *arguments):
        """A command of the AWS CLI, as infra/README.md gives it. What it printed."""
        ran = subprocess.run(
            [TOOLS / "sam" / "bin" / "aws", *arguments], env=self.deployment.emulator.environment(), text=True, capture_output=True
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def test_a_new_company_and_its_staff_are_at_work_at_once(deployment, issuer, numbers):
    operator, line = Operator(deployment), "+12065550171"
    operator.does("company", "add", "elm-vets", "--name", "Elm Vets", "--region", "US", "--time-zone", "America/Los_Angeles", "--line", line)
    operator.does("staff", "add", "ana", "--company", "elm-vets", "--name", "Ana Ruiz", "--email", "ana@elm.example")

    ana, customer = Staff(deployment), Customer(deployment, next(numbers))
    assert ana.signs_in(issuer, "ana@elm.example") == "/messages.html"
    customer.texts(line, "Is the vet in?")
    notification = ana.sees("Is the vet in?")
    assert ana.replies(notification["conversation"], "She is.").status == 201
    assert customer.received() == ["She is."]


def test_whoever_is_signed_out_or_removed_is_out(deployment, issuer, numbers):
    operator = Operator(deployment)
    operator.does("company", "add", "oak-hair", "--name", "Oak Hair", "--region", "US", "--time-zone", "America/Los_Angeles", "--line", "+12065550172")
    operator.does("line", "add", "+12065550173", "--company", "oak-hair")
    operator.does("staff", "add", "lee", "--company", "oak-hair", "--name", "Lee Park", "--email", "lee@oak.example")
    # Who is left: a company without staff is a finding of the doctor.
    operator.does("staff", "add", "kim", "--company", "oak-hair", "--name", "Kim Roe", "--email", "kim@oak.example")
    lee = Staff(deployment)
    lee.signs_in(issuer, "lee@oak.example")
    Customer(deployment, next(numbers)).texts("+12065550173", "to the other line")
    lee.sees("to the other line")

    operator.does("staff", "sign-out", "lee", "--company", "oak-hair")
    assert asked_anew(lee) == (401, "session-ended")
    lee = Staff(deployment)
    lee.signs_in(issuer, "lee@oak.example")
    assert lee.gets("/api/session").status == 200
    operator.does("staff", "remove", "lee", "--company", "oak-hair", "--yes")
    assert asked_anew(lee) == (401, "session-ended")
    assert Staff(deployment).signs_in(issuer, "lee@oak.example") == "/sign-in.html#stranger"


def asked_anew(staff):
    """What the authorizer says now, not what the gateway remembers of it: another cookie is another question."""
    staff.cookies["later"] = secrets.token_hex(4)
    answer = staff.gets("/api/session")
    return answer.status, answer.code()


def test_the_issuers_secret_is_rotated_without_a_deployment(deployment, issuer, harbor):
    operator, email = Operator(deployment), harbor.employs("nia", "Nia Cole")
    name = deployment.outputs["SignInSecret"]
    kept = json.loads(operator.aws("secretsmanager", "get-secret-value", "--secret-id", name))["SecretString"]
    assert Staff(deployment).signs_in(issuer, email) == "/messages.html"

    before, issuer.secret = issuer.secret, secrets.token_hex(16)
    try:
        assert Staff(deployment).signs_in(issuer, email) == "/sign-in.html#unavailable"
        rotated = json.dumps(json.loads(kept) | {"client_secret": issuer.secret})
        operator.aws("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", rotated)
        assert Staff(deployment).signs_in(issuer, email) == "/messages.html"
    finally:
        issuer.secret = before
        operator.aws("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", kept)
        # What the function remembers of the other one goes with the sign-in that fails.
        Staff(deployment).signs_in(issuer, email)


def test_push_keys_are_rotated_and_a_browser_that_knows_the_earlier_one_goes_on(deployment, dana):
    operator = Operator(deployment)
    before = dana.gets("/api/push-subscriptions").json()["key"]
    browser = dana.is_notified_in("an-early-one")
    assert "already" in operator.runs("push-keys", "create").stderr
    rotated = json.loads(operator.runs("--json", "push-keys", "rotate").stdout)["rotated"]
    assert rotated["before"] == before != rotated["key"]
    # What an instance knows of the keys, it knows for five minutes.
    deployment.starts_cold("PushSubscriptions")
    assert dana.gets("/api/push-subscriptions").json()["key"] == rotated["key"]
    assert dana.is_notified_in("an-early-one") == browser
    name = deployment.outputs["PushSecret"]
    kept = json.loads(operator.aws("secretsmanager", "get-secret-value", "--secret-id", name))["SecretString"]
    assert len(json.loads(kept)["keys"]) == 2


def test_the_doctor_finds_nothing_wrong_but_what_is_not_as_on_aws(deployment, dana, josie):
    ran = Operator(deployment).runs("--json", "doctor")
    findings = json.loads(ran.stdout)
    assert findings, ran.stderr
    wrong = {finding["check"]: finding["says"] for finding in findings if finding["verdict"] == "wrong"}
    assert set(wrong) == set(NOT_EMULATED), wrong


# What the doctor is right to miss here, and why.
NOT_EMULATED = {
    "table": "MiniStack drops point-in-time recovery, which test_template.py asserts",
    "sign-in": "the issuer is on this machine, and so without TLS",
    "portal": "there is no DNS that leads to the emulated CloudFront",
    "alarms": "nobody has confirmed an email",
}
