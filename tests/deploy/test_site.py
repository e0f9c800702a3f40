"""The portal, as CloudFront serves it to a browser."""

import re
import socket
import subprocess

import pytest
import requests

from emulator import ROOT
from polling import eventually


@pytest.fixture(scope="module")
def portal(deployment):
    said = deployment.publish()
    assert deployment.outputs["PortalAddress"] in said
    return deployment


@pytest.fixture(scope="module")
def local_stack():
    """Returns a function that requests a path of the same site from a local stack."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [ROOT / "target" / "debug" / "switchboard", "--memory", "--no-demo", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ask = lambda path: requests.get(f"http://127.0.0.1:{port}{path}", headers={"Host": f"localhost:{port}"}, timeout=10, allow_redirects=False)

    def answers():
        assert process.poll() is None, "the local stack has ended"
        try:
            return ask("/").ok
        except requests.ConnectionError:
            return False

    eventually(answers, "the local stack answers")
    yield ask
    process.terminate()
    process.wait()


PAGES = ["/", "/index.html", "/messages.html", "/conversation.html", "/sign-in.html", "/help-push.html", "/offline.html"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_served_and_not_cached(portal, page):
    answer = portal.request(page)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert "<html" in answer.text


@pytest.mark.parametrize(
    ("file", "kind"), [("sw.js", "text/javascript; charset=utf-8"), ("manifest.webmanifest", "application/manifest+json")]
)
def test_the_service_worker_and_the_manifest_are_not_cached(portal, file, kind):
    answer = portal.request(f"/{file}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "no-cache"


def test_every_published_file_has_the_type_and_caching_of_the_local_stack(portal, local_stack):
    published = object_keys(portal.emulator.client("s3"), portal.outputs["SiteBucket"])
    assert len(published) > 40, published
    for path in published:
        here, there = local_stack(f"/{path}"), portal.request(f"/{path}")
        assert (here.status_code, there.status_code) == (200, 200), path
        for header in ("content-type", "cache-control"):
            assert there.headers[header] == here.headers[header] != "", path
        assert there.content == here.content, path


def test_the_assets_of_a_page_are_cached_for_ever(portal):
    assets = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', portal.request("/").text))
    assert assets
    for asset in assets:
        answer = portal.request(asset)
        assert answer.status_code == 200, asset
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", asset


def test_publishing_again_corrects_a_wrong_content_type(portal):
    s3, bucket = portal.emulator.client("s3"), portal.outputs["SiteBucket"]
    asset = next(it for it in sorted(object_keys(s3, bucket)) if it.endswith(".webp"))
    content = s3.get_object(Bucket=bucket, Key=asset)["Body"].read()
    s3.put_object(Bucket=bucket, Key=asset, Body=content, ContentType="binary/octet-stream")
    portal.publish()
    assert s3.head_object(Bucket=bucket, Key=asset)["ContentType"] == "image/webp"


def test_a_missing_page_gets_the_portals_own_404_page(portal):
    answer = portal.request("/nowhere.html")
    assert answer.status_code == 404
    assert answer.text == portal.request("/404.html").text


@pytest.mark.parametrize("path", ["/", "/nowhere.html", "/api/notifications"])
def test_every_response_has_the_security_headers(portal, path):
    headers = portal.request(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "manifest-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_api_answers_at_the_same_origin(portal, dana):
    assert dana.gets("/api/session").json()["name"] == "Dana Whitfield"


def test_plain_http_is_redirected_to_https(portal):
    answer = portal.request("/", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{portal.outputs['PortalAddress']}/"


def test_the_bucket_blocks_public_access(portal):
    """The emulator does not check permissions of requests by a bucket's host name. test_policies.py asserts the
    bucket policy."""
    s3 = portal.emulator.client("s3")
    blocked = s3.get_public_access_block(Bucket=portal.outputs["SiteBucket"])["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}


def test_publishing_again_removes_old_pages_and_changes_nothing_else(portal):
    s3, bucket = portal.emulator.client("s3"), portal.outputs["SiteBucket"]
    s3.put_object(Bucket=bucket, Key="left-over.html", Body=b"old")
    s3.put_object(Bucket=bucket, Key="assets/old.css", Body=b"old")
    before = object_keys(s3, bucket)
    portal.publish()
    assert object_keys(s3, bucket) == before - {"left-over.html"}, "old pages should be removed, and assets kept for pages that are open"


def test_publishing_invalidates_every_page_at_cloudfront(portal):
    for _ in range(2):
        before = invalidations(portal)
        portal.publish()
        new = {identity: paths for identity, paths in invalidations(portal).items() if identity not in before}
        assert list(new.values()) == [["/*"]]


def invalidations(portal):
    """Returns the paths of every invalidation, by id."""
    cloudfront, distribution = portal.emulator.client("cloudfront"), portal.outputs["DistributionId"]
    pages = cloudfront.get_paginator("list_invalidations").paginate(DistributionId=distribution)
    identities = [it["Id"] for page in pages for it in page["InvalidationList"].get("Items", [])]
    ask = lambda identity: cloudfront.get_invalidation(DistributionId=distribution, Id=identity)["Invalidation"]
    return {identity: ask(identity)["InvalidationBatch"]["Paths"]["Items"] for identity in identities}


def object_keys(s3, bucket):
    return {it["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for it in page["Contents"]}
