"""Trouble on purpose: the kinds of it, and that a seed repeats it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.host import faults
from pennsieve_agent.sandbox.host.faults import GATEWAY_SECONDS, KINDS, Faults, Plan, Rule, parse
from pennsieve_agent.sandbox.host.ports import Listener, bind
from pennsieve_agent.sandbox.host.surfaces import Settings
from pennsieve_agent.sandbox.host.world import World
from tests.sandbox.platform import Platform

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def plan(*kinds: str, rate: float = 1.0, seed: int = 1) -> Plan:
    return Plan(seed, tuple(Rule(kind, rate) for kind in kinds))


class Counter:
    """Answers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        del environ
        self.asked += 1
        body = json.dumps({"asked": self.asked, "padding": "x" * 1000}).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def served(made: Plan, sleep: Callable[[float], object] | None = None) -> Iterator[httpx.Client]:
    (taken,) = bind([0])
    listener = Listener(taken, Faults(Counter(), made, sleep))
    listener.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.port}") as client:
        yield client
    listener.close()


def story(made: Plan) -> list[str]:
    """What happens to a few hundred requests."""
    struck = [made.strike("GET", f"/datasets/{i % 7}", i) for i in range(300)]
    return [kind[0] if kind else "" for kind in struck]


def test_nothing_happens_unless_asked_for() -> None:
    assert parse(None, None) is None
    assert Settings().faults is None


def test_a_seed_repeats_what_happened() -> None:
    made = parse("all=0.1", 7)
    assert made is not None
    assert set(story(made)) == {"", *KINDS}
    assert story(made) == story(Plan(7, made.rules))
    assert story(made) != story(Plan(8, made.rules))
    assert made.skew_seconds == Plan(7, made.rules).skew_seconds != 0
    alone = parse(None, 7)
    assert alone is not None
    assert {rule.kind for rule in alone.rules} == {*KINDS, "skew"}


def test_paths_are_chosen() -> None:
    made = parse("500=1@/datasets*", None)
    assert made is not None
    assert made.strike("GET", "/datasets/paginated", 1) is not None
    assert made.strike("GET", "/user", 1) is None


@pytest.mark.parametrize("spec", ["", "nonsense", "429=2", "429=x", "429=-1", "500,,503"])
def test_a_wrong_spec(spec: str) -> None:
    with pytest.raises(UsageProblem):
        parse(spec or " ", None)


def test_refusals_and_waiting() -> None:
    slept: list[float] = []
    with served(plan("429")) as client:
        answer = client.get("/user")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    with served(plan("503"), slept.append) as client:
        assert client.get("/user").status_code == 503
    assert slept.pop() == GATEWAY_SECONDS
    with served(plan("latency"), slept.append) as client:
        assert client.get("/user").status_code == 200
    assert 0 < slept.pop() < 0.5


def test_500_may_come_before_or_after_the_work() -> None:
    app = Counter()
    faulty = Faults(app, plan("500"))
    with httpx.Client(transport=httpx.WSGITransport(app=faulty), base_url="http://x") as client:
        assert {client.post("/datasets").status_code for _ in range(20)} == {500}
    assert 0 < app.asked < 20


def test_the_connection_ends_in_the_middle() -> None:
    with served(plan("reset")) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/user")


def test_a_list_is_a_few_requests_old() -> None:
    with served(plan("stale")) as client:
        lists = [client.get("/datasets/paginated?limit=5").json()["asked"] for _ in range(5)]
        assert lists == [1, 1, 1, 2, 3]
        assert client.get("/user").json()["asked"] == 6
        assert client.get("/user").json()["asked"] == 7


def test_the_clock_of_tokens_is_wrong(world: World, files: DatasetFiles) -> None:
    made = plan("skew")
    platform = Platform(world, files, Settings(faults=made))
    assert platform.get("/user").status_code == 200
    exact = Platform(world, files).ada.tokens["AccessToken"]
    assert platform.v1.get("/user", headers={"Authorization": f"Bearer {exact}"}).status_code == 200
    assert abs(made.skew_seconds) > 1


def test_danger_is_asked_for_by_name(world: World) -> None:
    assert not faults.unsafe(world.store)
    faults.remember(world.store, parse("429,unsafe", None))
    assert faults.unsafe(world.store)
    faults.remember(world.store, parse("all", None))
    assert not faults.unsafe(world.store)
