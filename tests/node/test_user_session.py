"""A run of Pennsieve's acts as the person who started it (``contracts/workflows.md`` 4.1, 5.5)."""

from __future__ import annotations

import base64
import json
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pennsieve_agent.node import relay
from pennsieve_agent.node.identity.user_session import as_person, keep_tokens
from pennsieve_agent.node.records.run_store import RunStore
from tests.node import world as worlds
from tests.node.world import CALLBACK, DATASET, REFRESH, RUN, SESSION, SETTINGS, SIGNED, World


@pytest.fixture
def world() -> World:
    return World()


def relayed(world: World, method: str, path: str) -> int:
    query = {"dataset_id": DATASET}
    asked = {"run": RUN, "method": method, "path": path, "query": query, "body": {}}
    return int(relay.handle({"relay": asked}, world.node())["status"])


def test_it_reads_and_reports_as_the_person_and_writes_by_its_own_token(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    assert {credential for credential, _, _ in world.asked} == {SIGNED}
    world.asked.clear()
    assert relayed(world, "POST", "/packages/download-manifest") == 200
    assert relayed(world, "POST", "/upload/manifest") == 200
    assert [(credential, path) for credential, _, path in world.asked] == [
        (SIGNED, "/packages/download-manifest"),
        (CALLBACK, "/upload/manifest"),
    ]


def test_a_session_that_has_ended_leaves_the_runs_own_token(world: World) -> None:
    """Good while the run is STARTED: steps are reported; its end Pennsieve sees when it asks."""
    world.start()
    world.deliver(world.events.pop(0))
    world.refused = {SIGNED}
    world.finish_all_of("in")
    assert world.reports[-1][0] == "/processor/in/status"
    world.refused = {SIGNED, CALLBACK}
    world.finish_all()
    world.tick()
    assert world.status == "STARTED"
    assert world.ask("GET", f"/runs/{RUN}/status")["body"]["status"] == "SUCCEEDED"
    assert world.left() == {}


def test_a_start_that_is_sent_again_brings_newer_tokens(world: World) -> None:
    world.start()
    tokens = {"token": "new-token", "session": "new-session", "refresh": ""}
    world.ask("POST", "/runs", {"runId": RUN, "nodeId": "n", **tokens})
    web = as_person(world.node(), RunStore(world.node()), RUN)
    assert (web.token, web.bearer) == ("new-token", "new-session")
    assert json.loads(world.secrets[f"n/runs/{RUN}"])["REFRESH_TOKEN"] == REFRESH


def test_tokens_are_not_seen_in_logs(world: World) -> None:
    world.start()
    job = world.begin_step("work")
    world.lines = [(job.stream, 1, f"it is {SESSION} and {REFRESH}")]
    (line,) = world.ask("GET", f"/runs/{RUN}/logs", node="work")["body"]["messages"]
    assert line["message"] == "it is *** and ***"


@dataclass
class SignInWorld(World):
    """A world with a sign-in, which is what is asked here."""

    refuses: bool = False

    def open_url(self, request: urllib.request.Request, seconds: float) -> Any:
        del seconds
        if request.full_url == f"{SETTINGS.api}/authentication/cognito-config":
            return worlds.Reply({"tokenPool": {"appClientId": "pool", "region": "us-east-1"}})
        assert request.full_url == "http://cognito/"
        assert isinstance(request.data, bytes)
        assert json.loads(request.data) == {
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "ClientId": "client",
            "AuthParameters": {"REFRESH_TOKEN": REFRESH},
        }
        if self.refuses:
            raise worlds.error(request, 400, "", {"__type": "NotAuthorizedException"})
        return worlds.Reply({"AuthenticationResult": {"AccessToken": "renewed"}})


def session(until: float) -> str:
    claims = {"exp": until, "client_id": "client"}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{part}.signature"


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize(("left", "refresh"), [(3000, REFRESH), (60, REFRESH), (60, "")])
def test_a_session_that_ends_soon_is_renewed_where_it_can_be(
    left: float, refresh: str, *, refuses: bool
) -> None:
    world = SignInWorld(settings=replace(SETTINGS, cognito="http://cognito/"), refuses=refuses)
    node, old = world.node(), session(world.clock + left)
    keep_tokens(node, RUN, old, refresh)
    expected = "renewed" if left == 60 and refresh and not refuses else old
    assert as_person(node, RunStore(node), RUN).bearer == expected
    kept = json.loads(world.secrets[f"n/runs/{RUN}"])  # steps that start later get it, too
    assert kept["SESSION_TOKEN"] == expected
