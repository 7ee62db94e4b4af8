"""A sign-in that an earlier command has kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from pennsieve_agent.domain.sign_in import Tokens
from pennsieve_agent.errors import NotSignedIn
from pennsieve_agent.platform.client import Platform
from tests.fakes.network import answering
from tests.fakes.scripted_platform import HOSTS, KEY, WORKSPACE, ScriptedPlatform

ACCOUNTS = "GET v2/compute/resources/accounts"


@dataclass
class Kept:
    """What is kept between commands, and what was done with it."""

    tokens: Tokens | None = None
    done: list[str] = field(default_factory=list)

    def get(self) -> Tokens | None:
        self.done.append("get")
        return self.tokens

    def put(self, tokens: Tokens) -> None:
        self.done.append("put")
        self.tokens = tokens

    def drop(self) -> None:
        self.done.append("drop")
        self.tokens = None


@contextmanager
def command(script: ScriptedPlatform, kept: Kept) -> Iterator[Platform]:
    """A platform as one command has it."""
    with Platform(
        HOSTS,
        KEY,
        network=answering(script.handle),
        now=script.clock.now,
        sleep=script.clock.sleep,
        kept=kept,
    ) as platform:
        yield platform
    assert not script.expected


def test_the_second_command_does_not_sign_in() -> None:
    script, kept = ScriptedPlatform(), Kept()
    for _ in range(2):
        script.on(ACCOUNTS, [])
        with command(script, kept) as platform:
            platform.compute.accounts()
            assert platform.workspace_id() == WORKSPACE
    assert (script.configs, script.sign_ins) == (1, 1)
    assert kept.done == ["get", "put", "get"]


def test_a_sign_in_that_ends_in_minutes_is_made_anew() -> None:
    script, kept = ScriptedPlatform(), Kept()
    for seconds in (0.0, 3600.0 - 299.0):
        script.clock.time += seconds
        script.on(ACCOUNTS, [])
        with command(script, kept) as platform:
            platform.compute.accounts()
    assert script.sign_ins == 2
    assert kept.tokens is not None
    assert kept.tokens.access == "access-2"


def test_a_token_that_is_refused_leads_to_one_sign_in() -> None:
    script = ScriptedPlatform()
    kept = Kept(Tokens("access-0", WORKSPACE, script.clock.time + 3000, script.clock.time + 2000))
    script.on(ACCOUNTS, {"message": "Unauthorized"}, status=401)
    script.on(ACCOUNTS, [])
    with command(script, kept) as platform:
        platform.compute.accounts()
    assert script.sign_ins == 1
    assert kept.done == ["get", "drop", "put"]
    for _ in range(2):
        script.on(ACCOUNTS, {"message": "Unauthorized"}, status=401)
    with command(script, kept) as platform, pytest.raises(NotSignedIn):
        platform.compute.accounts()
    assert script.sign_ins == 2


def test_a_run_gets_a_sign_in_of_its_own() -> None:
    """It may revoke what it was given, which other commands must go on using."""
    script, kept = ScriptedPlatform(), Kept()
    script.on(ACCOUNTS, [])
    script.on("POST v2/run", {})
    with command(script, kept) as platform:
        platform.compute.accounts()
        platform._v2.post_record("/run", {}, with_refresh_token=True)
    assert script.requests[-1].headers["X-Refresh-Token"] == "refresh"
    assert script.sign_ins == 2
    assert kept.tokens is not None
    assert kept.tokens.access == "access-1"
