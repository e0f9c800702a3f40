"""Lays functions out as `sam build` does: those named as it built them, the others as cargo did for this machine.

    package.py DispatchPush FetchConversation
"""

import shutil
import subprocess
import sys

from deployment import BUILT
from samcli.yamlhelper import yaml_dump, yaml_parse

from emulator import ROOT
from template import functions

SAM = ROOT / "target" / "sam"
CARGO = ROOT / "target" / "debug"


def package(built_by_sam):
    template = yaml_parse((SAM / built_by_sam[0] / "template.yaml").read_text())
    for name, binary in functions().items():
        folder = BUILT.with_name(name)
        if name in built_by_sam:
            shutil.copytree(SAM / name / name, folder)
        else:
            folder.mkdir(parents=True)
            # Without what only a debugger reads, most of what is uploaded.
            subprocess.run(["strip", "--output-file", folder / "bootstrap", CARGO / binary], check=True)
        template["Resources"][name]["Properties"]["CodeUri"] = name
    BUILT.write_text(yaml_dump(template))


if __name__ == "__main__":
    package(sys.argv[1:])
