"""Base images for the repositories here, made of what this machine has, without a registry."""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pip

from tests.engine.images import busybox_image, python_image

PIP_IMAGE = "pennsieve-test/python-with-pip:3.11"
_SITE = "/usr/local/lib/python3.11/dist-packages"
_DOCKERFILE = f"""FROM {{base}}
COPY pip {_SITE}/pip
COPY wheels /wheels
COPY pip.sh /usr/bin/pip
RUN chmod +x /usr/bin/pip
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_BREAK_SYSTEM_PACKAGES=1
"""


def base_image(name: str) -> str:
    """The image that stands for a public one."""
    if name.startswith("python"):
        return pip_image()
    return busybox_image()


@cache
def pip_image() -> str:
    """This machine's Python with pip, and a package index of one package."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "Dockerfile").write_text(_DOCKERFILE.format(base=python_image()))
        (context / "pip.sh").write_text('#!/bin/sh\nexec python3 -m pip "$@"\n')
        (context / "wheels").mkdir()
        make_humanize(context / "wheels")
        package = Path(pip.__file__).parent
        subprocess.run(["cp", "-r", str(package), str(context / "pip")], check=True)
        command = ["docker", "build", "--quiet", "--tag", PIP_IMAGE, str(context)]
        subprocess.run(command, capture_output=True, check=True, timeout=300)
    return PIP_IMAGE


def make_humanize(folder: Path) -> None:
    """A wheel called as the package that the repository asks for, with the function it uses."""
    info = "humanize-4.0.dist-info"
    files = {
        "humanize.py": "def naturalsize(size):\n    return f'{size} Bytes'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: humanize\nVersion: 4.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / "humanize-4.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
