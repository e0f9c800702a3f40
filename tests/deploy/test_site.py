"""The portal, as CloudFront serves it to a browser."""

import re
import socket
import subprocess

import pytest
import requests

from deadlines import eventually
from emulator import ROOT


@pytest.fixture(scope="module")
def portal(deployment):
    said = deployment.publish()
    assert deployment.outputs["PortalAddress"] in said
    return deployment


@pytest.fixture(scope="module")
def local_product():
    """Returns a function that requests a path of the same site from a local stack."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [ROOT / "target" / "debug" / "switchboard", "--memory", "--no-demo", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ask = lambda path: requests.get(f"http://127.0.0.1:{port}{path}", headers={"Host": f"localhost:{port}"}, timeout=10, allow_redirects=False)

    def answers():
        assert process.poll() is None, "the local product has ended"
        try:
            return ask("/").ok
        except requests.ConnectionError:
            return False

    eventually(answers, "the local product answers")
    yield ask
    process.terminate()
    process.wait()


PAGES = ["/", "/index.html", "/messages.html", "/conversation.html", "/sign-in.html", "/help-push.html", "/offline.html"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_served_and_asked_for_each_time(portal, page):
    answer = portal.portal(page)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert "<html" in answer.text


@pytest.mark.parametrize(
    ("file", "kind"), [("sw.js", "text/javascript; charset=utf-8"), ("manifest.webmanifest", "application/manifest+json")]
)
def test_what_makes_the_portal_an_app_is_asked_for_each_time(portal, file, kind):
    answer = portal.portal(f"/{file}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "no-cache"


def test_every_published_file_has_the_type_and_is_kept_as_the_local_product_says(portal, local_product):
    published = files(portal.emulator.client("s3"), portal.outputs["SiteBucket"])
    assert len(published) > 40, published
    for path in published:
        here, there = local_product(f"/{path}"), portal.portal(f"/{path}")
        assert (here.status_code, there.status_code) == (200, 200), path
        for header in ("content-type", "cache-control"):
            assert there.headers[header] == here.headers[header] != "", path
        assert there.content == here.content, path


def test_the_assets_of_a_page_are_kept_for_ever(portal):
    assets = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', portal.portal("/").text))
    assert assets
    for asset in assets:
        answer = portal.portal(asset)
        assert answer.status_code == 200, asset
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", asset


def test_a_type_that_was_published_wrong_is_corrected_by_publishing_again(portal):
    s3, bucket = portal.emulator.client("s3"), portal.outputs["SiteBucket"]
    asset = next(it for it in sorted(files(s3, bucket)) if it.endswith(".webp"))
    content = s3.get_object(Bucket=bucket, Key=asset)["Body"].read()
    s3.put_object(Bucket=bucket, Key=asset, Body=content, ContentType="binary/octet-stream")
    portal.publish()
    assert s3.head_object(Bucket=bucket, Key=asset)["ContentType"] == "image/webp"


def test_a_page_that_is_not_there_has_the_portals_own_answer(portal):
    answer = portal.portal("/nowhere.html")
    assert answer.status_code == 404
    assert answer.text == portal.portal("/404.html").text


@pytest.mark.parametrize("path", ["/", "/nowhere.html", "/api/notifications"])
def test_every_answer_has_the_security_headers(portal, path):
    headers = portal.portal(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "manifest-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_api_answers_at_the_same_origin(portal, dana):
    assert dana.gets("/api/session").json()["name"] == "Dana Whitfield"


def test_plain_http_is_led_to_https(portal):
    answer = portal.portal("/", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{portal.outputs['PortalAddress']}/"


def test_the_bucket_shows_its_files_to_nobody_else(portal):
    """The emulator does not check permissions of requests by a bucket's host name. test_policies.py asserts the
    bucket policy."""
    s3 = portal.emulator.client("s3")
    blocked = s3.get_public_access_block(Bucket=portal.outputs["SiteBucket"])["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}


def test_publishing_again_changes_nothing_and_takes_away_what_is_no_longer_a_page(portal):
    s3, bucket = portal.emulator.client("s3"), portal.outputs["SiteBucket"]
    s3.put_object(Bucket=bucket, Key="left-over.html", Body=b"old")
    s3.put_object(Bucket=bucket, Key="assets/old.css", Body=b"old")
    before = files(s3, bucket)
    portal.publish()
    assert files(s3, bucket) == before - {"left-over.html"}, "an asset may still be in use by an open page"


def test_whenever_it_is_published_what_cloudfront_has_of_every_page_is_forgotten(portal):
    for _ in range(2):
        before = forgotten(portal)
        portal.publish()
        new = {identity: paths for identity, paths in forgotten(portal).items() if identity not in before}
        assert list(new.values()) == [["/*"]]


def forgotten(portal):
    """Returns the paths of every invalidation, by id."""
    cloudfront, distribution = portal.emulator.client("cloudfront"), portal.outputs["DistributionId"]
    pages = cloudfront.get_paginator("list_invalidations").paginate(DistributionId=distribution)
    identities = [it["Id"] for page in pages for it in page["InvalidationList"].get("Items", [])]
    ask = lambda identity: cloudfront.get_invalidation(DistributionId=distribution, Id=identity)["Invalidation"]
    return {identity: ask(identity)["InvalidationBatch"]["Paths"]["Items"] for identity in identities}


def files(s3, bucket):
    return {it["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for it in page["Contents"]}
