"""What the checks of the contract need and only the sandbox's own machine can do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from pennsieve_agent.sandbox.http.tokens import Signer

LONG_AGO = 1_000_000_000
"""Unix seconds: in 2001."""
FILES = {"raw/a.csv": "a,b\n1,2\n", "raw/b.txt": "words\n", "notes.md": "# Notes\n"}


def fill(data: Path, dataset: str) -> None:
    """Put a few files into the folder of a dataset."""
    for name, text in FILES.items():
        path = data / "datasets" / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def expired(data: Path, token: str) -> str:
    """A token of this sandbox with the same claims, properly signed, whose time is over."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return Signer(data).sign({**claims, "exp": LONG_AGO})
