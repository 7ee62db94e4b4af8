"""Where settings live on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def config_path(environ: Mapping[str, str], home: Path | None = None) -> Path:
    """The settings file: ``PENNSIEVE_CONFIG`` (ours), else the one existing tools use.

    Source of the default: ``contracts/core.md`` 2.1. ``home`` is the user's, when not given.
    """
    folder = home or Path.home()
    if path := environ.get("PENNSIEVE_CONFIG", "").strip():
        return folder / path[2:] if path.startswith("~/") else Path(path)
    return folder / ".pennsieve" / "config.ini"
