"""Checks of code for what a node does not allow or support, before it runs.

The sources are read, nothing is run: Python by its syntax, shell scripts and other languages by
their text. Tests of a repository are left out, as they are not what a step runs. What is found is a
note, no refusal, as it may be a branch that is never taken.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.source.python_writes import writes_below

MOST_BYTES = 1024 * 1024
"""A longer file is data."""
MOST_NOTES = 5
"""Of one kind: one for each file."""
TOKENS = ("SESSION_TOKEN", "REFRESH_TOKEN", "PENNSIEVE_API_KEY", "PENNSIEVE_API_SECRET")
"""Under these names a step gets what opens Pennsieve (``contracts/upstream-2026-11.md`` 7)."""
_LEFT_OUT = {".git", "node_modules", "venv", ".venv", "tests", "test", "docs", "__pycache__"}
_SHELL = {".sh", ".bash", ".zsh"}
_OTHERS = {".r", ".js", ".ts", ".mjs", ".go", ".java", ".jl", ".m", ".pl", ".rb", ".rs", ".cpp"}
_RUN = re.compile(r"/(?:compute/)?workflows/(?:runs|instances)\b")
_DATASET = re.compile(r"\bDATASET_ID\b")
_TOKEN = re.compile(rf"\b(?:{'|'.join(TOKENS)})\b")
_INPUT = r"""["']?\$\{?INPUT_DIR\b"""
_END = r"""[^\s;&|]*["']?\s*(?:$|[;&|)])"""
_SHELL_WRITES = re.compile(
    rf"(?:>>?\s*{_INPUT})"
    rf"|\b(?:mkdir|touch|rm|rmdir|tee|chmod|chown|mv|gunzip|gzip|truncate)\b[^;&|]*{_INPUT}"
    rf"|\b(?:cp|ln|rsync|install)\b[^;&|]*\s{_INPUT}{_END}"
    rf"|\b(?:tar|unzip)\b[^;&|]*\s-[Cd]\s*{_INPUT}"
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of a file; ``line`` counts from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.file}, line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Source:
    """A file of code: its text without comments, where that can be told, by line."""

    name: str
    tree: ast.Module | None
    lines: tuple[tuple[int, str], ...]
    is_shell: bool = False


def input_writers(folder: Path) -> list[Note]:
    """Where code of a repository writes into ``INPUT_DIR``, which a step may only read."""
    text = "writes into INPUT_DIR, which a step can only read; let it write to OUTPUT_DIR or /tmp"
    notes = []
    for source in _sources(folder):
        if source.tree is not None:
            lines = writes_below(source.tree, "INPUT_DIR")
        elif source.is_shell:
            lines = [number for number, line in source.lines if _SHELL_WRITES.search(line)]
        else:
            lines = []
        notes += [Note(source.name, number, text) for number in lines]
    return notes[:MOST_NOTES]


def own_run_readers(folder: Path) -> list[Note]:
    """Where code asks Pennsieve for its own run, which Pennsieve does not have of an own node."""
    text = (
        "asks Pennsieve for its own run, which does not exist when it runs on a node of your own; "
    )
    if _matching(folder, _DATASET):
        text += "it can read DATASET_ID, too, which it gets there"
    else:
        text += "use a node that Pennsieve runs, or let the code read DATASET_ID"
    return [Note(name, line, text) for name, line, _ in _matching(folder, _RUN)]


def token_readers(folder: Path) -> list[Note]:
    """Where code reads a token or key of Pennsieve, which a step has only if it was asked for."""
    text = "which a step gets only if the workflow is added with --needs-pennsieve"
    return [
        Note(name, line, f"reads {', '.join(sorted(tokens, key=TOKENS.index))}, {text}")
        for name, line, tokens in _matching(folder, _TOKEN)
    ]


def habits(folder: Path, *, needs_pennsieve: bool = False) -> list[Note]:
    """All notes on a repository. With ``needs_pennsieve`` reading tokens is as it should be."""
    tokens = [] if needs_pennsieve else token_readers(folder)
    return [*input_writers(folder), *own_run_readers(folder), *tokens]


def _matching(folder: Path, pattern: re.Pattern[str]) -> list[tuple[str, int, list[str]]]:
    """The files in which a pattern is found: the first line of it there, and what it finds."""
    places: list[tuple[str, int, list[str]]] = []
    for source in _sources(folder):
        hits = [(number, hit[0]) for number, line in source.lines for hit in pattern.finditer(line)]
        if hits:
            places.append((source.name, hits[0][0], list(dict.fromkeys(hit for _, hit in hits))))
    return places[:MOST_NOTES]


def _sources(folder: Path) -> Iterator[_Source]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            path = Path(here, name)
            source = _source(path, path.relative_to(folder).as_posix())
            if source is not None:
                yield source


def _source(path: Path, name: str) -> _Source | None:
    suffix = path.suffix.lower()
    is_known = suffix in {".py", *_SHELL, *_OTHERS} or path.name == "Dockerfile"
    if path.is_symlink() or not path.is_file() or not (is_known or not suffix):
        return None
    if path.stat().st_size > MOST_BYTES or path.name.startswith("test_"):
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    shebang = text.partition("\n")[0] if text.startswith("#!") else ""
    if suffix == ".py" or "python" in shebang:
        return _python(name, text)
    is_shell = suffix in _SHELL or shebang.endswith("sh")
    if not is_shell and not is_known:
        return None
    lines = enumerate(text.splitlines(), start=1)
    mark = ("#", "//")
    kept = tuple((number, line) for number, line in lines if not line.lstrip().startswith(mark))
    return _Source(name, None, kept, is_shell)


def _python(name: str, text: str) -> _Source | None:
    """The text of a Python file is its strings, as comments and docstrings do nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain
    )
    return _Source(name, tree, tuple(sorted(strings)))
