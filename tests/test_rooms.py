"""The map in the docstrings is that of the tree, and imports make no circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import pennsieve_agent

ROOT = Path(pennsieve_agent.__file__).parent
REFERENCE = re.compile(r":mod:`~?([\w.]+)`")
ROOM = re.compile(r"^    (\w+) {2,}\S", re.MULTILINE)
PICTURE = re.compile(r"^## How it is made\n+```\n(.*?)^```", re.MULTILINE | re.DOTALL)
IN_PICTURE = re.compile(r"(?:^| {3,})(\w+) {2,}(?=\S)", re.MULTILINE)
NOT_ROOMS = {"__pycache__"}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(ROOT.rglob("*.py"))}


def package(name: str) -> str:
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_that_a_docstring_names_is_there(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    names = [
        f"{package(name)}{target}" if target.startswith(".") else target
        for target in REFERENCE.findall(text)
    ]
    missing = [each for each in names if each.startswith("pennsieve_agent") and each not in MODULES]
    assert not missing


def folders() -> list[Path]:
    return [path.parent for path in ROOT.rglob("__init__.py")]


def rooms_of(folder: Path) -> set[str]:
    return {inner.parent.name for inner in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("folder", [f for f in folders() if len(rooms_of(f)) > 1], ids=str)
def test_a_package_names_each_room_in_it(folder: Path) -> None:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()), clean=False) or ""
    assert set(ROOM.findall(text)) & rooms_of(folder) == rooms_of(folder)


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_a_room_says_what_belongs_there(folder: Path) -> None:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    assert len(text) > 40


def test_the_first_docstring_names_exactly_the_rooms_that_are_there() -> None:
    text = ast.get_docstring(ast.parse((ROOT / "__init__.py").read_text()), clean=False) or ""
    assert sorted(ROOM.findall(text)) == sorted({*rooms_of(ROOT), "errors"})


def test_the_picture_in_the_readme_shows_exactly_the_rooms_that_are_there() -> None:
    picture = PICTURE.search((ROOT.parent / "README.md").read_text(encoding="utf-8"))
    assert picture
    assert sorted(IN_PICTURE.findall(picture[1])) == sorted(rooms_of(ROOT))


def imports(name: str) -> set[str]:
    """The modules of the package that one imports, also inside functions or for types."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names.update(inner if inner <= MODULES.keys() else {*inner, node.module})
    return names & MODULES.keys() - {name}


def find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The modules of a circle, the first again at the end; empty if there is none."""
    done: set[str] = set()

    def follow(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph[name]):
            if circle := follow(target, [*path, name]):
                return circle
        done.add(name)
        return []

    return next(filter(None, (follow(name, []) for name in sorted(graph))), [])


def test_a_circle_is_detected() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert find_circle({name: imports(name) for name in MODULES}) == []


ACCOUNT = "pennsieve_agent.account"
ACCOUNT_ROOMS = ROOM.findall(ast.get_docstring(ast.parse(MODULES[ACCOUNT].read_text())) or "")


@pytest.mark.parametrize("name", [m for m in sorted(MODULES) if m.startswith(f"{ACCOUNT}.")])
def test_a_room_of_account_imports_only_those_above_it_in_the_list(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    } | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    rooms = {path.split(".")[2] for path in imported if path.startswith(f"{ACCOUNT}.")}
    place = ACCOUNT_ROOMS.index(name.split(".")[2])
    assert not [room for room in rooms if ACCOUNT_ROOMS.index(room) > place]
