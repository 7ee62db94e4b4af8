"""``run wait``, ``run watch`` and what tells the end of a batch on an own node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.cli.run.batch_watch import SeenBatch
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from pennsieve_agent.domain.batches import Batch, BatchRow
from pennsieve_agent.errors import NodeUnreachable
from tests.cli.batches.scene import START, SUBJECTS, Scene
from tests.fakes.run_node import summary
from tests.services.test_run_webhook import Receiver


def test_wait_ends_as_the_whole_does(started: Scene) -> None:
    started.agent.quick = True
    assert "3 of 3 to go" in started("run", "wait", "first batch", "--timeout", "0", code=8).err
    started.node.end(started.batch)
    assert "3 succeeded" in started("run", "wait", "first batch").err
    started.node.end(started.batch, "sub-02")
    failed = started("run", "wait", "first batch", code=3)
    assert "batch 'first batch': 2 succeeded, 1 failed" in failed.err
    document = started("run", "wait", "first batch", "--json", code=3).document
    assert document["counts"]["failed"] == 1


def test_runs_and_batches_are_waited_for_together(started: Scene, tmp_path: Path) -> None:
    started.agent.quick = True
    first = started.batch
    started(*START, "--each", "subjects/*", "--name", "second")
    started.node.runs["one"] = summary("one", 1_700_000_000, name="night", status="SUCCEEDED")
    started.node.end(first)
    names = ("night", "first batch", "second", "first batch")
    open_one = started("run", "wait", *names, "--timeout", "0", code=8)
    assert "one has not ended: second" in open_one.err
    assert "pennsieve run wait second\n" in open_one.err
    started.node.end(started.batch, "sub-02")
    file = tmp_path / "told"
    told = f'echo "$PENNSIEVE_RUN $PENNSIEVE_STATE" >> "{file}"'
    waited = started("run", "wait", *names, "--then", told, code=3)
    assert "batch 'first batch': 3 succeeded" in waited.err
    assert "batch 'second': 2 succeeded, 1 failed" in waited.err
    assert "1 of 3 did not succeed" in waited.err
    assert "pennsieve run show second" in waited.err
    ends = ["one succeeded", f"{first} succeeded", f"{started.batch} failed"]
    assert file.read_text().splitlines() == ends
    documents = started("run", "wait", *names, "--json", code=3).document
    assert [one["id"] for one in documents] == ["one", first, started.batch]
    assert not list(faults("list of run or batch", documents, DOCUMENTS))
    assert documents[2]["counts"]["failed"] == 1


def test_watch_tells_each_change_and_ends_as_the_whole_does(started: Scene) -> None:
    started.agent.quick = True
    started.node.set(started.batch, "sub-01", "STARTED", started="2026-11-29T10:00:00Z")
    looks, ask = [], started.ask

    def until_the_second(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        looks.append(path)
        if len(looks) > 2:
            started.node.end(started.batch, "sub-02")
        return ask(method, path, *rest, **more)

    started.ask = until_the_second  # type: ignore[method-assign]
    watched = started("run", "watch", "first batch", code=3)
    assert watched.out.splitlines() == ["2 waiting, 1 running", "2 succeeded, 1 failed"]
    assert "2 succeeded, 1 failed" in watched.err


def test_a_start_is_watched_to_the_end(scene: Scene) -> None:
    scene.agent.quick = True
    ask = scene.ask

    def ends(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if method == "GET" and path == f"/batches/{next(iter(scene.node.batches), '')}":
            scene.node.end(scene.batch)
        return answer

    scene.ask = ends  # type: ignore[method-assign]
    watched = scene(*START, "--each", "subjects/*", "--watch")
    assert watched.out.splitlines()[-1] == "3 succeeded"
    assert "--follow and --watch" in scene(*START, "--each", "x", "-f", "--watch", code=2).err


@pytest.mark.parametrize("width", [80, 40])
def test_the_view_names_failures_and_the_slowest(started: Scene, width: int) -> None:
    started.node.end(started.batch, "sub-02")
    started.node.set(started.batch, "sub-01", "STARTED", ended="")
    batch = Batch.of(started.ask("GET", f"/batches/{started.batch}"))
    rows = started.ask("GET", f"/batches/{started.batch}/rows")["rows"]
    known = {row["subject"]: BatchRow.of(row) for row in rows}
    seen = SeenBatch(batch, [known["sub-02"]], [known["sub-01"]])
    lines = [line.text for line in seen.picture(1_796_000_000.0, width)]
    assert all(len(line) <= width for line in lines)
    assert "1 running, 1 succeeded, 1 failed" in lines
    assert any(line.startswith("✗ sub-02  step") for line in lines)
    assert any(line.startswith("● sub-01  ") for line in lines)


@pytest.mark.parametrize("width", [80, 40])
def test_the_last_view_of_a_batch_stays_as_text(started: Scene, width: int) -> None:
    started.agent.quick = True
    started.node.end(started.batch, "sub-02")
    seen = started("run", "watch", "first batch", code=3, terminal=True, width=width)
    _, _, after = seen.out.rpartition("\x1b[?1049l")  # the terminal's first screen is back
    lines = after.splitlines()
    assert any(line.startswith("2 succeeded, 1 failed") for line in lines)
    assert any("✗" in line and "sub-02" in line for line in lines)
    assert "Ctrl+C" not in after
    assert "\x1b]2;first batch failed\x1b\\\a" in after
    as_json = started("run", "watch", "first batch", "--json", code=3, terminal=True)
    assert as_json.document["counts"]["failed"] == 1


@pytest.mark.parametrize("words", [("watch",), ("logs", "--follow"), ("wait",)])
def test_a_node_that_is_gone_for_a_while_ends_no_view(
    started: Scene, words: tuple[str, ...]
) -> None:
    started.agent.quick = True
    started.node.set(started.batch, "sub-01", "STARTED", started="2026-11-29T10:00:00Z")
    asked, ask = list[str](), started.ask

    def gone_in_the_middle(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        asked.append(path)
        ours = asked.count(path)
        if path.startswith(f"/batches/{started.batch}") and ours in {3, 4, 6}:
            raise NodeUnreachable("the node does not answer")
        if ours > 6:
            started.node.end(started.batch)
        return ask(method, path, *rest, **more)

    started.ask = gone_in_the_middle  # type: ignore[method-assign]
    command, *options = words
    seen = started("run", command, "first batch", *options, terminal=command == "watch")
    assert "3 succeeded" in seen.out + seen.err
    assert max(asked.count(path) for path in asked if path.endswith(started.batch)) > 6
    if command != "wait":
        assert asked.count(f"/batches/{started.batch}/rows") > 4  # rows were asked for again, too


def test_the_view_says_for_how_long_there_is_no_answer(started: Scene) -> None:
    batch = started.node.batches[started.batch]
    seen = SeenBatch(Batch.of(started.ask("GET", f"/batches/{batch['id']}")))
    seen.outage(12.0, "the node does not answer")
    lines = [line.text for line in seen.picture(1_796_000_000.0, 80)]
    assert "no answer for 12 s, waiting (the node does not answer)" in lines
    seen.outage(None, "")
    assert not any("no answer" in line.text for line in seen.picture(1_796_000_000.0, 80))


def test_what_is_suggested_for_a_cancelled_batch_leads_somewhere(
    started: Scene, tmp_path: Path
) -> None:
    for subject in SUBJECTS:
        started.node.set(started.batch, subject, "CANCELED")
    waited = started("run", "wait", "first batch", code=3)
    assert "see it: pennsieve run show 'first batch'\n" in waited.err
    nothing = started("run", "download", "first batch", "--to", str(tmp_path), code=2)
    assert "see it: pennsieve run show 'first batch'\n" in nothing.err
    shown = started("run", "show", "first batch")
    assert "start them again: pennsieve run retry 'first batch'" in shown.err
    assert "--failed" not in shown.err


def test_the_end_of_a_batch_is_told(started: Scene, tmp_path: Path) -> None:
    started.node.end(started.batch, "sub-02")
    file = tmp_path / "then"
    command = f'echo "$PENNSIEVE_RUN $PENNSIEVE_STATE" >> "{file}"; exit 7'
    with Receiver(204, 204).open() as receiver:
        for word in ("wait", "watch"):
            end = started(
                *("run", word, "first batch", "--webhook", receiver.url, "--then", command), code=3
            )
            assert "note: the --then command ended with exit code 7" in end.err
        bodies = [json.loads(body) for body in receiver.bodies]
    assert file.read_text() == f"{started.batch} failed\n" * 2
    assert [list(faults("batch_ended", body, DOCUMENTS)) for body in bodies] == [[], []]
    assert (bodies[0]["event"], bodies[0]["id"]) == ("batch_ended", started.batch)
    assert bodies[0]["counts"]["failed"] == 1
    assert "Zoë" not in str(bodies)


def test_a_batch_that_is_started_tells_its_end_where_it_is_waited_for(
    scene: Scene, tmp_path: Path
) -> None:
    scene.agent.quick = True
    file = tmp_path / "then"
    words = (*START, "--each", "subjects/*", "--then", f"touch '{file}'")
    assert "add --wait" in scene(*words, code=2).err
    assert not scene.node.batches
    ask = scene.ask

    def ends_at_once(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if (method, path) == ("POST", "/batches"):
            scene.node.end(scene.batch)
        return answer

    scene.ask = ends_at_once  # type: ignore[method-assign]
    scene(*words, "--wait")
    assert file.exists()


def test_options_of_a_run_are_refused_for_a_batch_and_the_other_way(started: Scene) -> None:
    started.node.end(started.batch)
    assert "is a batch" in started("run", "show", "first batch", "--outputs", code=2).err
    assert "is a batch" in started("run", "logs", "first batch", "--archive", "x", code=2).err
    run = "first batch/sub-01"
    assert "is for a batch" in started("run", "show", run, "--failed", code=2).err
    assert "is for a batch" in started("run", "logs", run, "--failed", code=2).err


def test_a_node_that_is_gone_is_named_and_nothing_is_lost(started: Scene) -> None:
    ask = started.ask

    def unreachable(*words: Any, **more: Any) -> Mapping[str, Any]:
        del words, more
        raise NodeUnreachable("compute node 'my-node' is gone")

    started.ask = unreachable  # type: ignore[method-assign]
    assert "is gone" in started("run", "show", "first batch", code=1).err
    assert "is gone" in started("run", "cancel", "first batch", code=1).err
    started.ask = ask  # type: ignore[method-assign]
    assert "3 waiting" in started("run", "show", "first batch").out


def test_a_journal_is_private(started: Scene) -> None:
    folder = Path(started.agent.environ["PENNSIEVE_CONFIG"]).parent / "batch-starts"
    (file,) = folder.glob("*.json")
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(file.read_text().split("\n")[1])["name"] == "first batch"


def test_the_estimate_of_a_batch_adds_up_its_runs(scene: Scene) -> None:
    for number in range(4):
        id_ = f"aaaaaaa{number}-0000-4000-8000-000000000000"
        scene.node.runs[id_] = summary(id_, 1_700_000_000 + number)
    plan = scene.agent(*START, "--each", "subjects/*", "--dry-run")
    assert "estimated\tfrom 4 runs of v1.0.0" in plan.out
    refused = scene.agent(*START, "--each", "subjects/*", "--max-cost", "0.01")
    assert refused.code == 2
    assert "its limit of 0.01 USD would end it" in refused.err
    assert "(and 2 more runs likewise)" in refused.err
    scene.node.budget_left = 0.2
    refused = scene.agent(*START, "--each", "subjects/*")
    assert refused.code == 2
    assert "the batch is expected to cost" in refused.err
    scene.node.budget_left = 0.8
    started = scene.agent(*START, "--each", "subjects/*")
    assert started.code == 0, started.err
    assert "the batch may be ended by this month's budget" in started.err
    (body,) = scene.node.batches.values()
    assert len(body["estimates"]) == len(body["runs"]) == 3
    assert body["estimate"]["expectedUsd"] > 0.75
