"""The findings of the linters. An exception has its reason in checkov.yaml, or beside the resource."""

import json
import subprocess

import yaml

from deployment import sam
from emulator import ROOT, TOOLS
from template import TEMPLATE, admitted_regions

HERE = ROOT / "tests" / "deploy"
CHECKOV = HERE / "checkov.yaml"


def test_sam_finds_the_template_valid():
    succeeded, said = sam(quiet(), "validate", "--lint", "--template-file", str(TEMPLATE), "--region", "us-east-1")
    assert succeeded, said


def test_cfn_lint_has_no_finding_in_any_region_that_the_template_admits():
    ran = subprocess.run([TOOLS / "sam" / "bin" / "cfn-lint", TEMPLATE, "--regions", *sorted(admitted_regions())], text=True, capture_output=True)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_checkov_has_no_finding():
    report = checkov("--config-file", str(CHECKOV))
    found = [f"{it['check_id']} {it['check_name']}: {it['resource']}" for it in report["results"]["failed_checks"]]
    assert found == []
    assert report["summary"]["passed"] > 0, "it has judged something"


def test_no_exception_of_checkov_is_left_over():
    report = checkov("--framework", "cloudformation")
    found = {it["check_id"] for it in report["results"]["failed_checks"]}
    skipped = set(yaml.safe_load(CHECKOV.read_text())["skip-check"])
    assert skipped <= found, f"{skipped - found} would pass"


def checkov(*arguments):
    command = [TOOLS / "checkov" / "bin" / "checkov", "--file", TEMPLATE, "--output", "json", "--quiet", *arguments]
    ran = subprocess.run(command, text=True, capture_output=True, env=quiet())
    return json.loads(ran.stdout)


def quiet():
    """Returns an environment with nothing but the path to programs. It keeps the scanner from using the network."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "SAM_CLI_TELEMETRY": "0"}
