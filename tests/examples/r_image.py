"""A base image with this machine's R, as no registry can be reached from a test."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.engine import images

TAG = "pennsieve-test/r:1"
HOME = Path("/usr/lib/R")
PACKAGES = (
    *("base", "compiler", "datasets", "graphics", "grDevices", "methods", "stats", "tools"),
    "utils",
)


@cache
def r_image() -> str:
    """The tag of an image with R's base packages, made first where it is not there."""
    return images._image(TAG, lambda: images._root(_parts()))


def _parts() -> list[tuple[Path, str]]:
    packages = [HOME / "library" / name for name in PACKAGES]
    folders = [HOME / name for name in ("bin", "etc", "lib", "modules")]
    own = [*packages, *folders, Path("/etc/R"), Path("/usr/share/R/share")]
    programs = [Path(name) for name in ("/usr/bin/R", "/usr/bin/Rscript", "/bin/bash")]
    return [
        # R asks for it by this path when it starts.
        (Path(shutil.which("busybox") or "busybox"), "usr/bin/which"),
        *((path, str(path).lstrip("/")) for path in (*own, *programs)),
        # Under the names the loader looks for, and as files, not as links.
        *((path.resolve(), str(path).lstrip("/")) for path in _libraries([*own, *programs])),
    ]


def _libraries(places: list[Path]) -> list[Path]:
    """Every shared library that something in these places is linked to."""
    objects = [HOME / "bin/exec/R", *(p for place in places for p in place.rglob("*.so"))]
    programs = [place for place in places if place.is_file()]
    linked = subprocess.run(
        ["ldd", *map(str, [*objects, *programs])], capture_output=True, text=True, check=False
    )
    found = re.findall(r"(?:=> |^\s+)(/\S+) \(", linked.stdout, re.MULTILINE)
    return sorted({Path(path) for path in found if not path.startswith(str(HOME))})
