"""Writes ``COVERAGE.md``: the client method, command, handler and tests of each route.

``python -m tests.tools.coverage_table`` writes it anew. Everything in it is read from code: the
client's methods name their routes (``Route: GET v2 /path`` or ``GET {api2}/path``), the sandbox
lists its own, commands are found by :mod:`tests.tools.route_usage`, tests by what they name.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from pennsieve_agent.contract.check import Surface
from pennsieve_agent.contract.routes import ROUTES, ContractRoute, anonymous, find
from pennsieve_agent.contract.suite import all_checks
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.client import Platform
from tests.tools.route_usage import commands_by_method

PATH = Path(__file__).with_name("COVERAGE.md")
TESTS = Path(__file__).parent.parent
Key = tuple[str, str, str]
_ROUTE = re.compile(r"^\s*Route: (\S+) (\S+) (\S+)", re.MULTILINE)
_QUOTED = re.compile(r"``([A-Z]+) \{(api2?)\}(/[^`\s]*)``")
_PAIRS = re.compile(r"(?=\b([a-z_]+\.[a-z_]+)\b)")
_SIGN_IN = {("v1", "GET", "/authentication/cognito-config"), ("aws", "POST", "/")}
_COLUMNS = ("route", "contract", "client", "command", "sandbox", "tests", "why not")
_NOT_HERE = "not in the sandbox either"


def methods() -> dict[Key, set[str]]:
    """The client's methods by the routes that their docstrings name."""
    names: dict[Key, set[str]] = defaultdict(set)
    for name, documentation in _documented():
        named = [(surface, method, path) for method, surface, path in _ROUTE.findall(documentation)]
        for method, host, path in _QUOTED.findall(documentation):
            named.append(("v1" if host == "api" else "v2", method, path))
        for surface, method, path in named:
            names[(surface, method, anonymous(path))].add(name)
    for key in _SIGN_IN:
        names[key].add("(signing in)")
    return names


def _documented() -> Iterable[tuple[str, str]]:
    """Every public method of the client, as ``resource.method``, and its docstring."""
    with Platform(Hosts(), ApiKey("", "")) as platform:
        for resource in resources_of_client():
            owner = getattr(platform, resource) if resource else platform
            for name, member in inspect.getmembers(type(owner)):
                if not name.startswith("_") and callable(member):
                    yield f"{resource}.{name}".strip("."), inspect.getdoc(member) or ""


def resources_of_client() -> list[str]:
    """The names of the client's resources; the client itself is the empty one."""
    return [
        "",
        *(name for name, value in vars(Platform).items() if isinstance(value, cached_property)),
    ]


def commands() -> dict[str, set[str]]:
    """The commands by the client's methods that they come to."""
    known: dict[str, set[str]] = defaultdict(set)
    for name, _ in _documented():
        resource, _, method = name.rpartition(".")
        known[resource].add(method)
    return commands_by_method({name: frozenset(words) for name, words in known.items()})


def handlers() -> dict[Key, str]:
    """The sandbox's handlers by route; empty where the sandbox, an extra, is not installed."""
    try:
        surfaces = importlib.import_module("pennsieve_agent.sandbox.host.surfaces")
    except ModuleNotFoundError:
        return {}
    return {
        (surface, method, anonymous(pattern)): handler.removeprefix("pennsieve_agent.sandbox.")
        for surface, method, pattern, handler in surfaces.all_routes()
    }


def checks() -> Counter[Key]:
    """How many checks of the suite ask each route."""
    names = {Surface.V1: "v1", Surface.V2: "v2", Surface.SIGN_IN: "aws"}
    routes = (find(names[check.surface], check.method, check.path) for check in all_checks())
    return Counter(route.key for route in routes if route is not None)


def tests_of(names: Iterable[str], sources: Mapping[str, frozenset[str]]) -> list[str]:
    """The test modules that name a method of the client."""
    names_of_methods = {name for name in names if "." in name}
    return sorted(module for module, named in sources.items() if names_of_methods & named)


def _sources() -> dict[str, frozenset[str]]:
    """What each test module names as ``resource.method``."""
    return {
        str(path.relative_to(TESTS)): frozenset(_PAIRS.findall(path.read_text(encoding="utf-8")))
        for path in sorted(TESTS.rglob("*.py"))
        if path.match("test_*.py") or path.match("platform/methods.py")
    }


def table() -> str:
    """The whole document."""
    client, used, served, checked = methods(), commands(), handlers(), checks()
    sources = _sources()
    rows = []
    for route in ROUTES:
        names = sorted(client.get(route.key, ()))
        command_names = sorted({command for name in names for command in used.get(name, ())})
        if "(signing in)" in names:
            command_names = ["every command that asks Pennsieve"]
        tested = [_counted(checked[route.key])] if checked[route.key] else []
        tested += tests_of(names, sources)[:2]
        handler = served.get(route.key, "")
        rows.append((route, names, command_names, handler, tested))
    return "\n".join([*_head(rows), *(_row(*row) for row in rows), ""])


Row = tuple[ContractRoute, list[str], list[str], str, list[str]]


def _head(rows: list[Row]) -> list[str]:
    counts = [sum(bool(row[place]) for row in rows) for place in range(1, 5)]
    return [
        "# What stands behind each route of the contract",
        "",
        "Generated by `python -m tests.tools.coverage_table`; a test sees that it is current.",
        (
            f"Of {len(rows)} routes, {counts[0]} have a method of the client, {counts[1]} a"
            f" command, {counts[2]} a handler in the sandbox and {counts[3]} a test."
        ),
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * len(_COLUMNS)}",
    ]


def _row(
    route: ContractRoute,
    names: list[str],
    command_names: list[str],
    handler: str,
    tested: list[str],
) -> str:
    cells = [
        f"`{route.method} {route.surface} {route.path}`",
        route.section,
        _listed(names),
        _listed(command_names),
        f"`{handler}`" if handler else "-",
        ", ".join(tested) or "-",
        "" if names and command_names and handler else reason(route, names, command_names, handler),
    ]
    return f"| {' | '.join(cells)} |"


def reason(route: ContractRoute, names: list[str], command_names: list[str], handler: str) -> str:
    """Why something is missing."""
    if route.reason:
        return route.reason
    if names and command_names:
        return "the sandbox does not serve it yet"
    if names:
        return "no command needs it yet"
    return "no command does this" if handler else _NOT_HERE


def _counted(checks: int) -> str:
    return f"{checks} check" if checks == 1 else f"{checks} checks"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:4])
    return (f"{shown}, ..." if len(names) > 4 else shown) or "-"


if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
