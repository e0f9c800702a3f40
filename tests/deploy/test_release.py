"""The functions as built for AWS: their size, and the libraries that they need."""

import io
import re
import subprocess
import zipfile

import pytest

from deployment import BUILT_TEMPLATE

MEGABYTE = 1_000_000

# The measured sizes and a tenth more. tests/bench/README.md has all sizes.
MAX_SIZES = {"DispatchPush": 5.1 * MEGABYTE, "FetchConversation": 3.0 * MEGABYTE}

# The C library and the compiler's own libraries, which every Linux has.
SYSTEM_LIBRARIES = re.compile(r"(libc|libm|libdl|libpthread|librt|libgcc_s|ld-linux-[a-z0-9_-]+)\.so\.\d+")

# The version in Amazon Linux 2023, which the functions run on.
GLIBC = (2, 34)


@pytest.mark.parametrize("name", MAX_SIZES)
def test_a_function_is_no_larger_than_before(name):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(BUILT_TEMPLATE.with_name(name) / "bootstrap")
    assert zipped.tell() <= MAX_SIZES[name]


@pytest.mark.parametrize("name", MAX_SIZES)
def test_a_function_needs_no_library_that_lambda_lacks(name):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("--dynamic", BUILT_TEMPLATE.with_name(name) / "bootstrap"))
    assert needed, "readelf should list the libraries"
    assert [library for library in needed if not SYSTEM_LIBRARIES.fullmatch(library)] == []


@pytest.mark.parametrize("name", MAX_SIZES)
def test_a_function_needs_no_later_c_library_than_lambda_has(name):
    symbols = readelf("--version-info", BUILT_TEMPLATE.with_name(name) / "bootstrap")
    versions = {tuple(map(int, it.split("."))) for it in re.findall(r"GLIBC_([\d.]+)", symbols)}
    assert versions and max(versions) <= GLIBC


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, text=True, capture_output=True).stdout
