"""The sandbox keeps the contract; the command says so, or says what is wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx

from pennsieve_agent.contract import runner, stage
from pennsieve_agent.contract.runner import Verdict
from pennsieve_agent.contract.suite import all_checks
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.http.raw import RawClient
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.fakes.network import answering


def test_every_check_passes(agent: Agent, box: Lab) -> None:
    result = agent("sandbox", "check", "--data", str(box.box.data))
    assert result.out == f"{len(all_checks())} of {len(all_checks())} checks passed, 0 failed\n"
    assert result.code == 0, result.err


def test_nothing_is_left_behind(agent: Agent, box: Lab) -> None:
    before = {path.name for path in (box.box.data / "datasets").iterdir()}
    nodes = agent("compute", "list", "--json").document
    flows = agent("workflow", "list", "--json").document
    assert agent("sandbox", "check", "--data", str(box.box.data)).code == 0
    assert {path.name for path in (box.box.data / "datasets").iterdir()} == before
    assert agent("workflow", "list", "--json").document == flows
    assert until(lambda: agent("compute", "list", "--json").document == nodes)
    listed = agent("dataset", "list", "--json").out
    assert stage.PREFIX not in listed


def test_what_only_reads_passes_with_a_profile(agent: Agent, hosts: Hosts) -> None:
    result = agent("sandbox", "check", hosts.api, "--json")
    assert result.code == 0
    assert result.document["failed"] == 0
    assert result.document["passed"] >= 60


def test_reading_sends_nothing_that_changes(hosts: Hosts, key: ApiKey) -> None:
    sent: list[httpx.Request] = []
    with httpx.HTTPTransport() as real:

        def record(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return real.handle_request(request)

        with RawClient(network=answering(record)) as client:
            outcomes = runner.check_reading(client, hosts, key)
    assert all(each.verdict is not Verdict.FAILED for each in outcomes)
    posted = {request.url.path for request in sent if request.method != "GET"}
    assert posted == {"/", "/packages/download-manifest"}


def test_wrong_answers_are_told_and_end_in_1(agent: Agent, hosts: Hosts, key: ApiKey) -> None:
    text = agent("sandbox", "check", hosts.api, "--api2", hosts.api)
    document = agent("sandbox", "check", hosts.api, "--api2", hosts.api, "--json")
    assert text.code == document.code == 1
    failed = [each for each in document.document["checks"] if each["verdict"] == "failed"]
    lines = text.out.splitlines()
    assert len(failed) == document.document["failed"] == len(lines) - 1 > 20
    assert (
        "core.md 1.9: no token: GET v2 /compute/resources/accounts, asked by nobody: "
        "expected status 401; "
    ) in text.out
    assert 'got 404, {"message": "Not found."}' in text.out
    for secret in (key.secret, "eyJ"):
        assert secret not in text.out + document.out


def test_a_key_is_sent_to_its_own_host_only(agent: Agent) -> None:
    result = agent("sandbox", "check", "http://127.0.0.1:9")
    assert result.code == 2
    assert "belongs to" in result.err


def test_without_a_sandbox_it_says_how_to_start_one(agent: Agent, box: Lab) -> None:
    result = agent("sandbox", "check", "--data", str(box.root / "none"))
    assert result.code == 2
    assert "pennsieve sandbox start --detach" in result.err


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for what the sandbox does on its own."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        threading.Event().wait(0.05)
    return holds()
