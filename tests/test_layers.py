"""Imports point downwards, and third-party libraries stay in their layer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pennsieve_agent

ROOT = Path(pennsieve_agent.__file__).parent
ABOVE = {
    "errors": set(),
    "domain": {"errors"},
    "settings": {"domain", "errors"},
    "source": {"transfer", "domain", "errors"},
    "platform": {"transfer", "domain", "errors"},
    "aws": {"transfer", "domain", "errors"},
    "engine": {"domain", "errors"},
    "transfer": {"domain", "errors"},
    "node": {"engine", "transfer", "domain", "errors"},
    "local": {"engine", "node", "domain", "errors"},
    "account": {"aws", "node", "platform", "domain", "errors"},
    "check": {"engine", "source", "domain", "errors"},
    "services": {
        *("check", "engine", "platform", "settings", "source", "transfer", "domain", "errors"),
    },
    "contract": {"platform", "domain", "errors"},
    "sandbox": {"engine", "node", "source", "domain", "errors"},
    "console": {"domain", "errors"},
    "cli": {
        *("account", "aws", "check", "console", "contract", "domain", "engine", "errors", "local"),
        "node",
        *("platform", "sandbox", "services", "settings", "source", "transfer"),
    },
    "__main__": {"cli", "console", "errors", ""},
    "__init__": set(),
}
CONFINED = {
    "certifi": {"aws", "platform"},
    "httpx": set(),  # loading it takes as long as loading typer
    "boto3": {"aws", "node", "sandbox"},
    "botocore": {"aws", "node", "sandbox"},
    "docker": {"engine"},
    "git": {"source"},
    "keyring": {"settings"},
    "moto": {"sandbox"},
    "rich": {"console"},
    "typer": {"cli"},
    "werkzeug": {"sandbox"},
    "yaml": {"source"},
}
PURE = {"errors", "domain"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "pennsieve_agent":
                yield from ((node.lineno, f"{node.module}.{a.name}") for a in node.names)


def test_imports_point_downwards() -> None:
    broken = []
    for path in modules():
        here = layer(path)
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] != "pennsieve_agent" or len(parts) == 1 or parts[1] == "__version__":
                continue
            if parts[1] != here and parts[1] not in ABOVE[here]:
                broken.append(f"{path.relative_to(ROOT)}:{line}: {here} may not import {name}")
    assert not broken, "\n".join(broken)


def test_libraries_stay_in_their_layer() -> None:
    broken = []
    for path in modules():
        here = layer(path)
        for line, name in imports(path):
            library = name.split(".")[0]
            if library in CONFINED and here not in CONFINED[library]:
                allowed = ", ".join(sorted(CONFINED[library]))
                broken.append(f"{path.relative_to(ROOT)}:{line}: {library} belongs to {allowed}")
    assert not broken, "\n".join(broken)


def test_modules_stay_small() -> None:
    grown = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in modules()
        if (lines := path.read_text().count("\n")) > 400
    ]
    assert not grown, "\n".join(grown)


class _Names(ast.NodeVisitor):
    """Names that are used when the program runs: annotations are not."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        imported = {
            alias.asname or alias.name
            for inner in ast.walk(node)
            if isinstance(inner, ast.ImportFrom)
            for alias in inner.names
        }
        before = set(self.used)
        for part in (*node.decorator_list, *node.args.defaults, *node.body):
            self.visit(part)
        self.used = before | (self.used - before - imported)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        self.used.add(node.id)


def test_what_is_imported_for_types_alone_is_used_for_types_alone() -> None:
    """Neither the type checker nor the linter sees such a name missing at run time."""
    broken = []
    for path in modules():
        tree = ast.parse(path.read_text())
        typed = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
            if isinstance(inner, ast.ImportFrom)
            for alias in inner.names
        }
        names = _Names()
        names.visit(tree)
        if missing := names.used & typed:
            broken.append(f"{path.relative_to(ROOT)}: {', '.join(sorted(missing))}")
    assert not broken, "\n".join(broken)
