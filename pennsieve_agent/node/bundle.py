"""The node's code as one zip, with the same bytes wherever it is made.

It has the package's version, everything of :mod:`pennsieve_agent.node`, and exactly the modules of
this package that those import, found by reading them; of other libraries they import boto3 alone,
which AWS's own runtime has.
"""

from __future__ import annotations

import ast
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pennsieve_agent
from pennsieve_agent import __version__

ROOT = Path(pennsieve_agent.__file__).parent
PACKAGE = "pennsieve_agent"
MOST_BYTES = 1_000_000
_MAKER = "node/bundle.py"
"""This module, which a node does not need."""
ALLOWED = {"boto3", "botocore"}
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip, the SHA-256 of it in hex, and the version of what is in it."""

    data: bytes = field(repr=False)
    digest: str
    version: str


def bundle() -> Bundle:
    """The zip of this program's version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files()):
            info = zipfile.ZipInfo(f"{PACKAGE}/{name}", _DATE)
            info.external_attr, info.create_system = _MODE, 3
            # Stored, not compressed: compression differs between versions of zlib.
            archive.writestr(info, (ROOT / name).read_bytes(), zipfile.ZIP_STORED)
    data = buffer.getvalue()
    return Bundle(data, hashlib.sha256(data).hexdigest(), __version__)


def files() -> set[str]:
    """The modules in it, as paths in the package.

    Raises:
        ValueError: one of them imports what AWS's runtime does not have.

    """
    modules: set[str] = set()
    every = (path.relative_to(ROOT).as_posix() for path in (ROOT / "node").rglob("*.py"))
    # Every module of the node, as handlers are imported by name, and what those import.
    waiting = [name for name in every if name != _MAKER]
    while waiting:
        name = waiting.pop()
        if name in modules:
            continue
        modules.add(name)
        waiting += [*_packages(name), *_imports(name)]
    return modules


def _packages(name: str) -> Iterator[str]:
    """The packages that a module is in, which are imported before it."""
    for folder in Path(name).parents:
        yield (folder / "__init__.py").as_posix()


def _imports(name: str) -> Iterator[str]:
    for node in _inside(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in names:
            top, _, rest = module.partition(".")
            if top != PACKAGE:
                _check(top, name)
            elif rest:
                yield from _files_of(rest)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements inside one, however deep; expressions, of which there are many, hold none."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, part, ()):
            yield statement
            yield from _inside(statement)


def _files_of(module: str) -> Iterator[str]:
    """The file of a module; nothing for a name inside one."""
    path = module.replace(".", "/")
    for name in (f"{path}.py", f"{path}/__init__.py"):
        if (ROOT / name).is_file():
            yield name


def _check(library: str, name: str) -> None:
    if library not in sys.stdlib_module_names and library not in ALLOWED:
        raise ValueError(f"{name} imports {library}, which a node does not have")
