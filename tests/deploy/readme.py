"""Reads infra/README.md: the commands in its code blocks, and the first column of its tables."""

import re
import shlex
import subprocess

from authorisation import ACCOUNT
from emulator import ROOT

README = ROOT / "infra" / "README.md"


def commands(heading):
    """Returns the code blocks with commands below a heading."""
    return re.findall(r"^```sh\n(.*?)^```$", section(heading), re.M | re.S)


def table_names(heading):
    """Returns the names in the first column of the table below a heading."""
    return {name for row in re.findall(r"^\| (`.*?) \|", section(heading), re.M) for name in re.findall(r"`(\w+)`", row)}


def section(heading):
    """What stands below a heading, of which tasks have a number in front."""
    (text,) = re.findall(rf"^## (?:\d+\. )?{re.escape(heading)}$(.*?)(?=^## |\Z)", README.read_text(), re.M | re.S)
    return text


def run(deployment, block, folder):
    """Runs a block of commands for a stack. Returns its output.

    The stack's name, the account and the stack's outputs replace the placeholders in angle brackets. The operators'
    command is the built one, with `--yes`.
    """
    block = block.replace("--stack-name switchboard", f"--stack-name {deployment.name}")
    block = block.replace("<account>", ACCOUNT)
    for name, value in deployment.outputs.items():
        block = block.replace(f"<{name}>", value)
    emulator = deployment.emulator
    operator = shlex.join([str(ROOT / "target" / "debug" / "switchboard-admin"), "--stack", deployment.name, "--yes"])
    block = f'aws() {{ {shlex.join(emulator.aws)} "$@"; }}\ncargo() {{ [ "$1 $2 $3 $4" = "run -p admin --" ] && {operator} "${{@:5}}"; }}\n{block}'
    shell = ["bash", "-euo", "pipefail", "-c", block]
    ran = subprocess.run(shell, cwd=folder, env=emulator.environment(), text=True, capture_output=True)
    assert ran.returncode == 0, f"{block}\n{ran.stdout}{ran.stderr}"
    return ran.stdout
