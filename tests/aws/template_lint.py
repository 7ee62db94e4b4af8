"""What AWS's schemas say of a template that is sent: cfn-lint, once for each template.

Every emulated CloudFormation of the test suite asks this, in whichever process it is. Templates
that differ in random names alone count as one; what was found is kept in a file, for all processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

_RANDOM = {
    re.compile(r"(?<=pennsieve-node-)[0-9a-f]{8}|(?<=pennsieve/node/)[0-9a-f]{8}"): "00000000",
    re.compile(r"127\.0\.0\.1:\d+"): "127.0.0.1",
    re.compile(r"\b[0-9a-f]{64}\b"): "f" * 64,
    re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"): "a-uuid",
}


def lint(text: str, region: str) -> list[str]:
    """The errors in a template; none where AWS's schemas of its resources allow it."""
    found = _folder() / _digest(text, region)
    if not found.exists():
        making = found.with_suffix(f".{os.getpid()}")
        making.write_text(json.dumps(_lint(text, region)))
        making.replace(found)
    errors: list[str] = json.loads(found.read_text())
    return errors


def _lint(text: str, region: str) -> list[str]:
    from cfnlint.api import lint as linted  # noqa: PLC0415 - takes a second
    from cfnlint.config import ManualArgs  # noqa: PLC0415 - the same

    matches = linted(text, config=ManualArgs(regions=[region], include_checks=["E"]))
    return [str(match) for match in matches if match.rule.severity == "error"]


def _digest(text: str, region: str) -> str:
    """Names a template without its token, which also stands alone: in tags and metadata."""
    token = re.search(r'"token": ?"([0-9a-f]{8})"', text)
    same = text.replace(token[1], "00000000") if token else text
    for pattern, instead in _RANDOM.items():
        same = pattern.sub(instead, same)
    return hashlib.sha256(f"{version('cfn-lint')} {region} {same}".encode()).hexdigest()


def _folder() -> Path:
    folder = Path(tempfile.gettempdir(), f"pennsieve-cfn-lint-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
