"""The findings of the linters. An exception has its reason in checkov.yaml, or beside the resource."""

import json
import subprocess

import yaml

from deployment import sam
from emulator import ROOT, TOOLS
from template import TEMPLATE, supported_regions

HERE = ROOT / "tests" / "deploy"
CHECKOV = HERE / "checkov.yaml"


def test_sam_finds_the_template_valid():
    succeeded, said = sam(offline_environment(), "validate", "--lint", "--template-file", str(TEMPLATE), "--region", "us-east-1")
    assert succeeded, said


def test_cfn_lint_has_no_finding_in_any_supported_region():
    ran = subprocess.run([TOOLS / "sam" / "bin" / "cfn-lint", TEMPLATE, "--regions", *sorted(supported_regions())], text=True, capture_output=True)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_checkov_has_no_finding():
    report = checkov("--config-file", str(CHECKOV))
    found = [f"{it['check_id']} {it['check_name']}: {it['resource']}" for it in report["results"]["failed_checks"]]
    assert found == []
    assert report["summary"]["passed"] > 0, "checkov should have run at least one check"


def test_every_exception_of_checkov_is_needed():
    report = checkov("--framework", "cloudformation")
    found = {it["check_id"] for it in report["results"]["failed_checks"]}
    skipped = set(yaml.safe_load(CHECKOV.read_text())["skip-check"])
    assert skipped <= found, f"these checks pass without an exception: {skipped - found}"


def checkov(*arguments):
    command = [TOOLS / "checkov" / "bin" / "checkov", "--file", TEMPLATE, "--output", "json", "--quiet", *arguments]
    ran = subprocess.run(command, text=True, capture_output=True, env=offline_environment())
    return json.loads(ran.stdout)


def offline_environment():
    """Returns an environment with nothing but the path to programs. It keeps the scanner from using the network."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "SAM_CLI_TELEMETRY": "0"}
