"""Puts the functions beside the template, as `sam build` does.

The functions named on the command line come from `sam build`; the others come from cargo's build for this machine. The
others are zipped here, once and uncompressed: sam would compress a quarter of a gigabyte at each deployment.
"""

import shutil
import subprocess
import sys
import zipfile

from samcli.yamlhelper import yaml_dump, yaml_parse

from deployment import BUILT_TEMPLATE
from emulator import ROOT
from template import TEMPLATE, function_binaries

SAM = ROOT / "target" / "sam"
CARGO = ROOT / "target" / "debug"


def package(built_by_sam):
    shutil.rmtree(BUILT_TEMPLATE.parent, ignore_errors=True)
    template = yaml_parse(TEMPLATE.read_text())
    for name, binary in function_binaries().items():
        if name in built_by_sam:
            code = shutil.copytree(SAM / name / name, BUILT_TEMPLATE.with_name(name))
        else:
            code = zipped(CARGO / binary, BUILT_TEMPLATE.with_name(f"{name}.zip"))
        template["Resources"][name]["Properties"]["CodeUri"] = code.name
    BUILT_TEMPLATE.write_text(yaml_dump(template))


def zipped(program, archive):
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Without debug information, which is half of the file.
    stripped = archive.with_suffix(".stripped")
    subprocess.run(["strip", "--output-file", stripped, program], check=True)
    # The archive has a fixed time, so that the same content has the same hash: sam then uploads it once.
    bootstrap = zipfile.ZipInfo("bootstrap")
    bootstrap.external_attr = 0o755 << 16
    with zipfile.ZipFile(archive, "w") as to:
        to.writestr(bootstrap, stripped.read_bytes())
    stripped.unlink()
    return archive


if __name__ == "__main__":
    package(sys.argv[1:])
