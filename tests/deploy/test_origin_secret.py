"""The API refuses requests that go around CloudFront, and its origin secret can be rotated."""

import json
import time

import pytest

from deployment import Deployment
from logs import log_of
from people import Company, Staff
from seeding import Seeding
from template import OPEN_ROUTES
from test_journeys import CLOSED_ROUTES
from test_operator import Operator

HOUR = 60 * 60 * 1000
WRONG_SECRET = "0" * 64
CHECKING_FUNCTIONS = ("Authorize", "SignIn")
OPEN_REQUESTS = [route.split(" ") for route in sorted(OPEN_ROUTES)]


def cookie_header(staff):
    return {"Cookie": f"__Host-switchboard={staff.cookies['__Host-switchboard']}"}


@pytest.mark.parametrize("method, path", OPEN_REQUESTS)
@pytest.mark.parametrize("secret", [None, WRONG_SECRET])
def test_an_open_route_refuses_requests_that_bypass_cloudfront(deployment, method, path, secret):
    refused = deployment.bypass_cloudfront(path, method, secret, {"Accept": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "around-the-portal")
    assert not {"set-cookie", "location"} & {name.lower() for name in refused.headers}
    assert deployment.request(path, method).status_code == 303
    # The same request, as CloudFront sends it.
    assert deployment.bypass_cloudfront(path, method, deployment.origin_secret["current"]).status_code == 303


@pytest.mark.parametrize("method, path", CLOSED_ROUTES)
def test_a_closed_route_refuses_a_valid_session_that_bypasses_cloudfront(deployment, harbor, dana, method, path):
    # The gateway caches that she is admitted, by her cookie and the origin secret.
    assert dana.gets("/api/session").status == 200
    assert deployment.bypass_cloudfront(path, method, None, cookie_header(dana)).status_code == 401
    assert deployment.bypass_cloudfront(path, method, WRONG_SECRET, cookie_header(dana)).status_code == 403


def test_cloudfront_overwrites_a_viewers_origin_secret(deployment, dana):
    for wrong in (WRONG_SECRET, ""):
        answer = deployment.request("/api/session", headers=cookie_header(dana) | {"X-Origin-Secret": wrong, "Accept": "application/json"})
        assert answer.status_code == 200, answer.text


def test_a_websocket_opens_with_the_origin_secret_only(deployment, dana):
    assert dana.opens_socket(**{"X-Origin-Secret": WRONG_SECRET}) == 403
    assert dana.opens_socket(**{"X-Origin-Secret": ""}) == 403
    assert dana.opens_socket().answers_ping()


@pytest.fixture
def original_secret(deployment):
    """Restores the origin secret after the test, because the other tests need it."""
    original_secret = deployment.origin_secret
    yield original_secret["current"]
    deployment.origin_secret = original_secret
    restart_checking_functions(deployment)


def restart_checking_functions(deployment):
    """Starts new instances of the functions that check the secret. An instance caches it for five minutes."""
    for function in CHECKING_FUNCTIONS:
        deployment.restart_function(function)


def test_a_replaced_secret_is_accepted_for_an_hour(deployment, original_secret, harbor):
    new, now = "1" * 64, int(time.time() * 1000)
    # A new member of staff each time: the gateway has an answer about Dana in its cache.
    statuses = lambda secret: {
        deployment.bypass_cloudfront("/api/sign-out/issuer", secret=secret).status_code,
        deployment.bypass_cloudfront("/api/session", secret=secret, headers=cookie_header(harbor.staff("marcus", "Marcus Bell"))).status_code,
    }
    for replaced, of_the_previous in ((now - HOUR + 60_000, {303, 200}), (now - HOUR, {401, 403})):
        deployment.origin_secret = {"current": new, "previous": {"value": original_secret, "replaced": replaced}}
        restart_checking_functions(deployment)
        assert statuses(original_secret) == of_the_previous
        assert statuses(new) == {303, 200}
        assert statuses(WRONG_SECRET) == {401, 403}


@pytest.fixture(scope="module")
def rotation_stack(emulator, issuer):
    return Deployment(emulator, "rotating", **issuer.parameters())


def rotate(operator):
    """Rotates the secret with the operators' command. Returns the new version."""
    ran = operator.run("--json", "origin-secret", "rotate")
    assert ran.returncode == 0, ran.stderr
    secret = operator.deployment.origin_secret
    assert not any(value in ran.stdout + ran.stderr for value in (secret["current"], secret["previous"]["value"]))
    return json.loads(ran.stdout)["rotated"]["version"]


def test_the_secret_is_rotated_with_the_operators_command_and_a_deployment(rotation_stack):
    operator = Operator(rotation_stack)
    seeding = Seeding(rotation_stack.emulator.client("dynamodb"), rotation_stack.outputs["Table"])
    harbor = Company(rotation_stack, seeding, "harbor-dental", "Harbor Dental", "US", "+12065550142")
    staff = (harbor.staff("dana", "Dana Whitfield") for _ in range(9))
    works = lambda: (next(staff).gets("/api/session").status, Staff(rotation_stack).gets("/api/sign-out/issuer").status) == (200, 303)
    first = rotation_stack.origin_secret["current"]
    assert works()

    version, second = rotate(operator), rotation_stack.origin_secret
    assert second["previous"]["value"] == first != second["current"]
    # CloudFront still sends the earlier value, which is still valid. Another rotation would invalidate it.
    restart_checking_functions(rotation_stack)
    assert works()
    says = "the origin secret was rotated and not deployed: from "
    assert any(it.startswith(says) and advice.endswith(version) for it, advice in operator.doctor_findings().items())
    refused = operator.run("origin-secret", "rotate")
    assert refused.returncode == 1 and f"OriginSecretVersion={version}" in refused.stderr, refused.stderr
    assert rotation_stack.origin_secret == second

    # Undoes the rotation, as an operator does who cannot deploy.
    secret = ["--secret-id", "rotating/origin"]
    versions = json.loads(operator.aws("secretsmanager", "list-secret-version-ids", *secret))["Versions"]
    (earlier,) = [it["VersionId"] for it in versions if "AWSPREVIOUS" in it["VersionStages"]]
    operator.aws(
        "secretsmanager", "update-secret-version-stage", *secret, "--version-stage", "AWSCURRENT", "--remove-from-version-id", version,
        "--move-to-version-id", earlier,
    )
    assert rotation_stack.origin_secret == {"current": first}
    restart_checking_functions(rotation_stack)
    assert works()

    version, second = rotate(operator), rotation_stack.origin_secret
    rotation_stack.deploy(OriginSecretVersion=version)
    # The earlier value expires.
    rotation_stack.origin_secret = second | {"previous": second["previous"] | {"replaced": 0}}
    restart_checking_functions(rotation_stack)
    assert works()
    assert rotation_stack.bypass_cloudfront("/api/sign-out/issuer", secret=first).status_code == 401
    assert rotation_stack.bypass_cloudfront("/api/sign-out/issuer", secret=second["current"]).status_code == 303
    for value in (first, second["current"]):
        assert value not in log_of(rotation_stack)
