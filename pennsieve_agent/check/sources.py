"""Files of code as rules read them: the language, the text without comments, the syntax of Python.

Nothing is run. A file that is not text, is longer than a megabyte, or does not parse is not code.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pennsieve_agent.check.shell_text import without_quotes

MOST_BYTES = 1024 * 1024
"""A longer file is data."""
_SHELL = {".sh", ".bash", ".zsh", ".ksh"}
_OTHERS = {
    *(
        ".js",
        ".ts",
        ".mjs",
        ".go",
        ".java",
        ".jl",
        ".m",
        ".pl",
        ".rb",
        ".rs",
        ".cpp",
        ".c",
        ".scala",
    ),
    *(".kt", ".cs", ".ipynb", ".rmd", ".qmd", ".nf", ".smk", ".lua", ".php"),
}
_NO_CODE = re.compile(r"(?:test_.*|.*_test|conftest|setup|noxfile|tasks)\.py")
_LEFT_OUT = {
    *(".git", ".github", "node_modules", "venv", ".venv", "tests", "test", "docs", "doc"),
    *("__pycache__", "examples", "notebooks", "benchmarks"),
}
_MARKS = ("#", "//")


class Language(StrEnum):
    """What a file is written in, as far as rules tell languages apart."""

    PYTHON = "Python"
    R = "R"
    SHELL = "shell"
    OTHER = "other"


def _walk(tree: ast.AST) -> list[ast.AST]:
    """What ``ast.walk`` yields, in its order, in less time: a third of a check was spent here."""
    nodes = [tree]
    for node in nodes:  # which grows meanwhile
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                nodes.append(value)
            elif isinstance(value, list):
                nodes += [part for part in value if isinstance(part, ast.AST)]
    return nodes


@dataclass(frozen=True)
class Source:
    """A file of code. ``first`` is the line of the file on which ``text`` begins."""

    name: str
    language: Language
    text: str
    first: int = 1

    @cached_property
    def tree(self) -> ast.Module | None:
        """Python's syntax; None for another language, or what does not parse."""
        if self.language is not Language.PYTHON:
            return None
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of Python's syntax, collected once as this takes longer than parsing."""
        return () if self.tree is None else tuple(_walk(self.tree))

    @cached_property
    def code(self) -> str:
        """The text with comments, and what a shell takes literally, blanked; lines stay."""
        match self.language:
            case Language.SHELL:
                return without_quotes(self.text)
            case Language.R:
                return "\n".join(map(_without_r_comment, self.text.split("\n")))
            case _:
                lines = self.text.split("\n")
                return "\n".join("" if x.lstrip().startswith(_MARKS) else x for x in lines)

    @cached_property
    def lines(self) -> tuple[tuple[int, str], ...]:
        """What the code does, by line: of Python its strings, of others all but comments."""
        if self.language is Language.PYTHON:
            return tuple(sorted(self._strings()))
        text = self.text if self.language is Language.SHELL else self.code
        lines = enumerate(text.split("\n"), start=self.first)
        return tuple((number, line) for number, line in lines if not line.lstrip().startswith("#"))

    def _strings(self) -> list[tuple[int, str]]:
        """Comments and docstrings do nothing."""
        plain = {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}
        return [
            (node.lineno, node.value)
            for node in self.nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in plain
        ]

    def line_at(self, offset: int) -> int:
        """The line of the file at a place in the text."""
        return self.first + self.text.count("\n", 0, offset)


def is_program(path: str) -> bool:
    """Whether a path can be part of a program: not a test, a document or a script to install."""
    parts = path.split("/")
    return not set(parts[:-1]) & _LEFT_OUT and not _NO_CODE.fullmatch(parts[-1])


def may_be_code(path: str) -> bool:
    """Whether a file's name lets it be code; one without an ending may begin with ``#!``."""
    suffix = posixpath.splitext(path)[1].lower()
    return (
        suffix in {".py", ".r", "", *_SHELL, *_OTHERS} and posixpath.basename(path) != "Dockerfile"
    )


def source_of(path: str, content: bytes) -> Source | None:
    """A file of code; None for anything else."""
    text = text_of(content)
    if text is None:
        return None
    suffix = posixpath.splitext(path)[1].lower()
    shebang = text.partition("\n")[0] if text.startswith("#!") else ""
    if suffix == ".py" or "python" in shebang:
        language = Language.PYTHON
    elif suffix == ".r" or "Rscript" in shebang:
        language = Language.R
    elif suffix in _SHELL or shebang.rstrip().endswith("sh"):
        language = Language.SHELL
    elif suffix in _OTHERS or shebang:
        language = Language.OTHER
    else:
        return None
    return Source(path, language, text)


def text_of(content: bytes) -> str | None:
    """A file's text, with line ends as on Unix; None where it is not text."""
    if b"\0" in content[:4096]:
        return None
    text = content.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_r_comment(line: str) -> str:
    """A line of R up to a ``#`` outside quotes."""
    quote = ""
    for place, char in enumerate(line):
        if char in "\"'`" and quote in {"", char}:
            quote = "" if quote else char
        elif char == "#" and not quote:
            return line[:place]
    return line
