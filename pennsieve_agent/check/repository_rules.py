"""Rules on the repository: git, links, large files, the licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.rules import finding
from pennsieve_agent.check.sources import MOST_BYTES
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.source import lfs
from pennsieve_agent.source.snapshot import LINK, SUBMODULE

MIB = 1024 * 1024
LARGE_BYTES = 50 * MIB
"""GitHub warns of a larger file (GitHub Docs, "About large files on GitHub")."""
_SHOWN = 3
_MODULES = ".gitmodules"
_LICENCE = re.compile(r"(?:licen[cs]es?|copying|unlicense)(?:[-_.].*)?", re.IGNORECASE)
_MODULE_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)
_MODULE_URL = re.compile(r"^\s*url\s*=\s*\S", re.MULTILINE)
_SECTION = re.compile(r"^\[submodule\b.*\]\s*$", re.MULTILINE)


def repository_findings(code: Code) -> Iterator[Finding]:
    """What breaks a rule in the repository as a whole."""
    yield from _git(code)
    yield from _submodules(code)
    yield from _links(code)
    yield from _large(code)
    has_licence = any(_LICENCE.fullmatch(path.partition("/")[0]) for path in code.files.entries)
    if not has_licence:
        yield finding("licence-missing", "", 0, "the repository has no licence file at its top")


def _git(code: Code) -> Iterator[Finding]:
    files = code.files
    if not files.is_git:
        yield finding("git-none", "", 0, "the folder is not in a git repository")
    elif files.top:
        text = f"the folder is only a part of the repository {files.top}"
        yield finding("git-part", "", 0, text)
    elif not files.has_tag:
        yield finding("git-no-tag", "", 0, "the code has no version tag")
    pointers = [path for path in files.entries if _is_pointer(code, path)]
    if pointers:
        more = f" and {len(pointers) - _SHOWN} more" if len(pointers) > _SHOWN else ""
        text = f"the content of {', '.join(pointers[:_SHOWN])}{more} is in Git LFS"
        yield finding("git-lfs", pointers[0], 0, text)


def _is_pointer(code: Code, path: str) -> bool:
    entry = code.files.entries[path]
    if entry.mode == LINK or not lfs.is_pointer_size(entry.size):
        return False
    content = code.files.read(path, lfs.MAX_POINTER_BYTES)
    return content is not None and lfs.pointer(path, content) is not None


def _submodules(code: Code) -> Iterator[Finding]:
    paths = [path for path, entry in code.files.entries.items() if entry.mode == SUBMODULE]
    if not paths:
        return
    text = (code.files.read(_MODULES, MOST_BYTES) or b"").decode("utf-8", errors="replace")
    sections = _SECTION.split(text)[1:]
    known = {m[1] for s in sections if _MODULE_URL.search(s) for m in _MODULE_PATH.finditer(s)}
    for path in paths:
        if path in known:
            line = next(
                (n for n, x in enumerate(text.splitlines(), 1) if x.strip().endswith(path)), 0
            )
            yield finding("git-submodule", _MODULES, line, f"{path} is a submodule")
        elif code.files.is_git:
            text_ = f"the repository does not say where its submodule {path} comes from"
            mend = f"add it to {_MODULES}, or remove it: git rm --cached {path}; then commit"
            yield finding("git-submodule-unknown", path, 0, text_, mend)


def _links(code: Code) -> Iterator[Finding]:
    for path, entry in code.files.entries.items():
        if entry.mode == LINK and not code.files.resolve(path):
            yield finding("link-outside", path, 0, f"the link {path} leads out of the repository")


def _large(code: Code) -> Iterator[Finding]:
    for path, entry in code.files.entries.items():
        if entry.size is not None and entry.size > LARGE_BYTES:
            yield finding("large-file", path, 0, f"{path} has {entry.size // MIB} MiB")
