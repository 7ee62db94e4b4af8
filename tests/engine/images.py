"""Base images made from what this machine has, as no registry can be reached from a test.

Each function answers the tag of an image in the engine, making it first where it is not there.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

BUSYBOX = "pennsieve-test/busybox:1"
PYTHON = "pennsieve-test/python:3.11"
SYSTEM_PYTHON = Path("/usr/bin/python3.11")


@cache
def busybox_image() -> str:
    """An image with a shell and the usual small commands."""
    return _image(BUSYBOX, lambda: _root([]))


@cache
def python_image(tag: str = PYTHON) -> str:
    """This machine's own Python, without pip.

    Under the name of a public image only where that cannot harm anybody's builds.
    """
    return _image(tag, _python_root)


def has_python() -> bool:
    return SYSTEM_PYTHON.exists()


def _image(tag: str, root: Callable[[], bytes]) -> str:
    if subprocess.run(
        ["docker", "image", "inspect", tag], capture_output=True, check=False
    ).returncode:
        path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        command = ["docker", "import", "--change", f"ENV {path}", "-", tag]
        subprocess.run(command, input=root(), capture_output=True, check=True, timeout=120)
    return tag


def _root(extra: Iterable[tuple[Path, str]]) -> bytes:
    """A root file system: busybox under its many names, and files of this machine."""
    busybox = shutil.which("busybox")
    assert busybox, "tests with containers need busybox"
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "tmp", "root", "etc", "usr", "usr/bin", "lib", "lib64"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        tar.add(busybox, "bin/busybox")
        for name in listed.stdout.split():
            if name != "busybox":
                entry = tarfile.TarInfo(f"bin/{name}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
        for name in ("passwd", "group"):
            line = b"root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else b"root:x:0:\n"
            entry = tarfile.TarInfo(f"etc/{name}")
            entry.size = len(line)
            tar.addfile(entry, io.BytesIO(line))
        for source, target in extra:
            tar.add(source, target, filter=_slim)
    return buffer.getvalue()


def _slim(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    left_out = ("/__pycache__", "/test", "/idlelib", "/tkinter", "/config-3", "/dist-packages")
    return None if any(part in f"/{entry.name}" for part in left_out) else entry


def _python_root() -> bytes:
    library = Path("/usr/lib") / SYSTEM_PYTHON.name
    modules = [str(path) for path in (library / "lib-dynload").glob("*.so")]
    linked = subprocess.run(
        ["ldd", str(SYSTEM_PYTHON), *modules], capture_output=True, text=True, check=False
    )
    needed = {
        Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(", linked.stdout, re.MULTILINE)
    }
    return _root(
        [
            (SYSTEM_PYTHON.resolve(), "usr/bin/python3.11"),
            (library, f"usr/lib/{SYSTEM_PYTHON.name}"),
            # Under the names the loader looks for, and as files, not as links.
            *((path.resolve(), str(path).lstrip("/")) for path in sorted(needed)),
            *((SYSTEM_PYTHON.resolve(), f"usr/bin/{name}") for name in ("python3", "python")),
        ]
    )
