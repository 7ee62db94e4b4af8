"""Real git repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

DOCKERFILE = 'FROM busybox\nCOPY . /app\nENTRYPOINT ["/app/run.sh"]\n'


class Repository:
    """A repository in a folder, with a Dockerfile and one commit unless it is to be bare."""

    def __init__(self, path: Path, *, start: bool = True) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        if start:
            self.commit({"Dockerfile": DOCKERFILE})

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.path, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, files: dict[str, str | None] | None = None, tag: str | None = None) -> str:
        """Write (or, for None, delete) files, commit, and tag; answers the commit."""
        for name, text in (files or {}).items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")
