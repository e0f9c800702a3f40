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
WRONG = "0" * 64
DEMANDING = ("Authorize", "SignIn")
OPEN = [route.split(" ") for route in sorted(OPEN_ROUTES)]


def cookie(staff):
    return {"Cookie": f"__Host-switchboard={staff.cookies['__Host-switchboard']}"}


@pytest.mark.parametrize("method, path", OPEN)
@pytest.mark.parametrize("shown", [None, WRONG])
def test_an_open_route_is_refused_to_whoever_goes_around_cloudfront(deployment, method, path, shown):
    refused = deployment.around(path, method, shown, {"Accept": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "around-the-portal")
    assert not {"set-cookie", "location"} & {name.lower() for name in refused.headers}
    assert deployment.portal(path, method).status_code == 303
    # The same request, as CloudFront sends it.
    assert deployment.around(path, method, deployment.origin_secret["current"]).status_code == 303


@pytest.mark.parametrize("method, path", CLOSED_ROUTES)
def test_a_session_is_of_no_use_to_whoever_goes_around_cloudfront(deployment, harbor, dana, method, path):
    # The gateway caches that she is admitted, by her cookie and the origin secret.
    assert dana.gets("/api/session").status == 200
    assert deployment.around(path, method, None, cookie(dana)).status_code == 401
    assert deployment.around(path, method, WRONG, cookie(dana)).status_code == 403


def test_what_a_viewer_shows_is_overwritten_by_cloudfront(deployment, dana):
    for wrong in (WRONG, ""):
        answer = deployment.portal("/api/session", headers=cookie(dana) | {"X-Origin-Secret": wrong, "Accept": "application/json"})
        assert answer.status_code == 200, answer.text


def test_a_socket_is_opened_through_cloudfront_only(deployment, dana):
    assert dana.goes_live(**{"X-Origin-Secret": WRONG}) == 403
    assert dana.goes_live(**{"X-Origin-Secret": ""}) == 403
    assert dana.goes_live().answers()


@pytest.fixture
def kept(deployment):
    """Restores the origin secret after the test, because the other tests need it."""
    kept = deployment.origin_secret
    yield kept["current"]
    deployment.origin_secret = kept
    cold(deployment)


def cold(deployment):
    """Starts new instances of the functions that check the secret. An instance caches it for five minutes."""
    for function in DEMANDING:
        deployment.starts_cold(function)


def test_a_value_that_was_replaced_counts_for_an_hour(deployment, kept, harbor):
    new, now = "1" * 64, int(time.time() * 1000)
    # A new member of staff each time: the gateway has an answer about Dana in its cache.
    statuses = lambda shown: {
        deployment.around("/api/sign-out/issuer", shown=shown).status_code,
        deployment.around("/api/session", shown=shown, headers=cookie(harbor.staff("marcus", "Marcus Bell"))).status_code,
    }
    for replaced, of_the_previous in ((now - HOUR + 60_000, {303, 200}), (now - HOUR, {401, 403})):
        deployment.origin_secret = {"current": new, "previous": {"value": kept, "replaced": replaced}}
        cold(deployment)
        assert statuses(kept) == of_the_previous
        assert statuses(new) == {303, 200}
        assert statuses(WRONG) == {401, 403}


@pytest.fixture(scope="module")
def rotating(emulator, issuer):
    return Deployment(emulator, "rotating", **issuer.parameters())


def rotated(operator):
    """Rotates the secret with the operators' command. Returns the new version."""
    ran = operator.runs("--json", "origin-secret", "rotate")
    assert ran.returncode == 0, ran.stderr
    shown = operator.deployment.origin_secret
    assert not any(value in ran.stdout + ran.stderr for value in (shown["current"], shown["previous"]["value"]))
    return json.loads(ran.stdout)["rotated"]["version"]


def test_the_secret_is_rotated_by_the_operators_command_and_a_deployment(rotating):
    operator = Operator(rotating)
    seeding = Seeding(rotating.emulator.client("dynamodb"), rotating.outputs["Table"])
    harbor = Company(rotating, seeding, "harbor-dental", "Harbor Dental", "US", "+12065550142")
    staff = (harbor.staff("dana", "Dana Whitfield") for _ in range(9))
    works = lambda: (next(staff).gets("/api/session").status, Staff(rotating).gets("/api/sign-out/issuer").status) == (200, 303)
    first = rotating.origin_secret["current"]
    assert works()

    version, second = rotated(operator), rotating.origin_secret
    assert second["previous"]["value"] == first != second["current"]
    # CloudFront still sends the earlier value, which is still valid. Another rotation would invalidate it.
    cold(rotating)
    assert works()
    says = "the origin secret was rotated and not deployed: from "
    assert any(it.startswith(says) and advice.endswith(version) for it, advice in operator.asks_the_doctor().items())
    refused = operator.runs("origin-secret", "rotate")
    assert refused.returncode == 1 and f"OriginSecretVersion={version}" in refused.stderr, refused.stderr
    assert rotating.origin_secret == second

    # Undoes the rotation, as an operator does who cannot deploy.
    secret = ["--secret-id", "rotating/origin"]
    (earlier,) = [it["VersionId"] for it in json.loads(operator.aws("secretsmanager", "list-secret-version-ids", *secret))["Versions"] if "AWSPREVIOUS" in it["VersionStages"]]
    operator.aws(
        "secretsmanager", "update-secret-version-stage", *secret, "--version-stage", "AWSCURRENT", "--remove-from-version-id", version,
        "--move-to-version-id", earlier,
    )
    assert rotating.origin_secret == {"current": first}
    cold(rotating)
    assert works()

    version, second = rotated(operator), rotating.origin_secret
    rotating.deploy(OriginSecretVersion=version)
    # The earlier value expires.
    rotating.origin_secret = second | {"previous": second["previous"] | {"replaced": 0}}
    cold(rotating)
    assert works()
    assert rotating.around("/api/sign-out/issuer", shown=first).status_code == 401
    assert rotating.around("/api/sign-out/issuer", shown=second["current"]).status_code == 303
    for value in (first, second["current"]):
        assert value not in log_of(rotating)
