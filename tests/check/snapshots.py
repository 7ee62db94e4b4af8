"""Repositories in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.check.run_rules import check
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.source.fetch import Entry
from pennsieve_agent.source.snapshot import EXECUTABLE, FILE, LINK, SUBMODULE, Snapshot

DOCKERFILE = 'FROM python:3.12-slim\nCOPY . /app\nUSER 1000\nCMD ["python", "/app/main.py"]\n'
MANIFEST = 'schemaVersion: "1.0"\nname: x\n'


@dataclass(frozen=True)
class Repo:
    """Files by path, and what git says of them. ``sizes`` are for files that nobody reads."""

    files: Mapping[str, str | bytes]
    executable: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    submodules: Sequence[str] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    is_git: bool = True
    has_tag: bool = True
    top: str = ""

    def snapshot(self) -> Snapshot:
        contents = {
            path: text if isinstance(text, bytes) else text.encode()
            for path, text in self.files.items()
        }
        contents |= {path: target.encode() for path, target in self.links.items()}
        entries = {
            path: Entry(self._mode(path), path, self.sizes.get(path, len(content)), path)
            for path, content in contents.items()
        }
        entries |= {path: Entry(FILE, path, size, path) for path, size in self.sizes.items()}
        entries |= {path: Entry(SUBMODULE, path, 0, path) for path in self.submodules}
        return Snapshot(
            "spike-rate",
            "memory",
            entries,
            lambda entry: contents[entry.path],
            is_git=self.is_git,
            has_tag=self.has_tag,
            top=self.top,
        )

    def _mode(self, path: str) -> str:
        if path in self.links:
            return LINK
        return EXECUTABLE if path in self.executable else FILE


def program(**files: str) -> Repo:
    """A repository that keeps the rules but for the given files; ``__`` is a dot."""
    more = {name.replace("__", "."): text for name, text in files.items()}
    return Repo({"Dockerfile": DOCKERFILE, "LICENSE": "MIT", "app.yml": MANIFEST, **more})


def findings(repository: Repo, rule: str = "") -> list[Finding]:
    """What breaks a rule, or this one."""
    return [f for f in check(repository.snapshot()) if rule in {"", f.rule.id}]
