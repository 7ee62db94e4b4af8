"""Repositories on a sandbox's GitHub, and git that finds them there."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

OWNER = "lab"


def on_github(data: Path, repository: Path) -> str:
    """Put a repository, as it is now, on the GitHub of the sandbox in ``data``; its address."""
    bare = data / "github" / OWNER / f"{repository.name}.git"
    if not bare.exists():
        bare.parent.mkdir(parents=True, exist_ok=True)
        _git("init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
    _git("-C", str(repository), "push", "--quiet", "--force", "--mirror", str(bare))
    return f"https://github.com/{OWNER}/{repository.name}"


def git_settings(data: Path) -> Mapping[str, str]:
    """Variables with which git reads GitHub's addresses from the sandbox in ``data``."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(data / 'github').as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)
