"""``COVERAGE.md`` is current, and nothing that is there is missing in it."""

from __future__ import annotations

import pytest

from pennsieve_agent.contract.routes import ROUTES, anonymous
from tests.tools import coverage_table as table

OWN_ADDRESSES = {
    # Where the sandbox serves what a contract's answer points to; no client composes these.
    ("aws", "GET", "/{}/.well-known/jwks.json"),
    ("v2", "GET", "/files/{}"),
    ("v2", "GET", "/upload/archives/{}"),
    ("v2", "GET", "/log-archives/{}"),
    ("v2", "GET", "/viewer-files/{}"),
}

#: Methods of the client that no command uses yet, and what they wait for.
PLANNED = {
    "assets": "viewer assets",
    "github": "Pennsieve's GitHub integration",
    "metrics.export": "run cost --by",
}


def test_every_method_of_the_client_has_a_command_or_a_planned_one() -> None:
    used = table.commands()
    unused = {name for name, _ in table._documented() if not used.get(name)} - {"close"}
    left = {name for name in unused if not PLANNED.keys() & {name, name.partition(".")[0]}}
    assert left == set()
    assert {name for name in PLANNED if "." in name} <= unused


def test_the_committed_table_is_current() -> None:
    if table.PATH.read_text(encoding="utf-8") != table.table():
        pytest.fail("write it anew with: python -m tests.tools.coverage_table")


def test_every_route_of_the_client_is_in_the_contract() -> None:
    assert set(table.methods()) <= {route.key for route in ROUTES}


def test_every_route_of_the_sandbox_is_in_the_contract() -> None:
    assert set(table.handlers()) - OWN_ADDRESSES <= {route.key for route in ROUTES}


def test_routes_are_listed_once() -> None:
    keys = [route.key for route in ROUTES]
    assert len(keys) == len(set(keys))


def test_a_row_without_an_entry_says_why() -> None:
    for line in table.table().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("| `") and "-" in cells[3:6]:
            assert cells[7], line


def test_commands_are_found_through_services_and_short_names() -> None:
    found = table.commands()
    assert "login" in found["identity"]
    assert "whoami" in found["identity"]
    assert "run start" in found["runs.start"]
    assert "compute register" in found["compute.create_node"]
    assert "secret set" in found["node_secrets.set"]
    assert "compute pause" in found["compute.pause_node"]
    assert "run cancel" not in found["runs.start"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("/a/{id}/b", "/a/{}/b"), ("/a/<path:rest>?x=1", "/a/{}"), ("/a", "/a")],
)
def test_parameters_have_no_names(given: str, expected: str) -> None:
    assert anonymous(given) == expected
