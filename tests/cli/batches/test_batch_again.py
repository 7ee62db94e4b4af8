"""``run cancel``, ``run retry`` and ``run start --repeat`` of a batch on an own node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import Invalid, NotFound
from tests.cli.batches.scene import START, Scene, table


def test_the_cost_of_a_batch_is_that_of_all_runs(started: Scene) -> None:
    assert "estimated cost\tnot counted yet" in started("run", "cost", "first batch").out
    started.node.end(started.batch)
    assert "estimated cost\t0.06 USD" in started("run", "cost", "first batch").out


def test_cancel_stops_all_and_begins_nothing_more(started: Scene) -> None:
    started.node.set(started.batch, "sub-01", "STARTED")
    plan = started("run", "cancel", "first batch", "--dry-run").out
    assert plan == "Would cancel batch 'first batch' with 3 runs to go\n"
    assert "is canceled" in started("run", "cancel", "first batch").out
    assert {row["status"] for row in started.node.rows[started.batch]} == {"CANCELED"}
    assert "already" in started("run", "cancel", "first batch").out


def test_a_batch_that_has_ended_is_not_cancelled(started: Scene) -> None:
    started.node.end(started.batch)
    assert "has ended already" in started("run", "cancel", "first batch", code=1).err


REPEAT = ("run", "start", "--repeat", "first batch")


def rows_of(document: Mapping[str, Any]) -> dict[str, tuple[list[str], dict[str, Any]]]:
    return {
        run["subject"]: ([file["path"] for file in run["files"]], run["parameters"])
        for run in document["runs"]
    }


def test_a_batch_is_started_again_as_it_was(scene: Scene, tmp_path: Path) -> None:
    file = table(tmp_path, "subject,LEAST\nsub-01,2\nsub-02,3\nZoë 3,4\n")
    words = (*START, "--csv", file, "--files", "subjects/{subject}/eeg", "-p", "STYLE=fancy")
    scene(*words, "--name", "first batch", "--max-cost", "2", "--parallel", "7")
    before = scene.node.batches[scene.batch]
    again = scene(*REPEAT, "--name", "second")
    assert "Started batch 'second'" in again.out
    body = scene.node.batches[scene.batch]
    assert body["id"] != before["id"]
    for same in ("workflow", "version", "dataset", "parallel", "parameters", "limits", "layout"):
        assert body[same] == before[same]
    assert body["runs"] == before["runs"]
    scene(*REPEAT, "-p", "LEAST=9", "--max-cost", "3", "--parallel", "2")
    body = scene.node.batches[scene.batch]
    assert (body["limits"], body["parallel"]) == ({"maxCost": 3.0}, 2)
    assert body["parameters"] == {"count": {"LEAST": "9", "STYLE": "fancy"}}


def test_what_differs_from_the_batch_before_is_said(started: Scene) -> None:
    first, second = started.node.batches[started.batch]["runs"][:2]
    first["files"][0].update(path="subjects/former.txt", package="N:package:gone")
    second["files"][0].update(size=1)
    plan = started(*REPEAT, "--dry-run")
    one, two = first["subject"], second["subject"]
    assert f"'{one}': 'subjects/former.txt' is not in the dataset any more" in plan.err
    assert f"'{two}': '{second['files'][0]['path']}' was changed: it had 1 bytes" in plan.err
    document = started(*REPEAT, "--dry-run", "--json").document
    assert len(document["differences"]) == 2
    assert len(rows_of(document)[one][0]) == len(first["files"]) - 1
    first["files"] = first["files"][:1]
    lost = started(*REPEAT, code=2)
    assert f"none of the files of '{one}' is in the dataset any more" in lost.err
    assert len(started.node.batches) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--files", "raw/*"), "'first batch' is a batch, and --files is for a run"),
        (("--all",), "'first batch' is a batch, and --all is for a run"),
        (("--folder", "x"), "'first batch' is a batch, and --folder is for a run"),
        (("-p", "STYLE={HOW}"), "a batch that is started again has no column 'HOW'"),
        (("--each", "subjects/*"), "--repeat and --each cannot be given together"),
        (("--then", "true"), "add --wait"),
    ],
)
def test_what_cannot_be_typed_beside_a_batch(
    started: Scene, words: tuple[str, ...], line: str
) -> None:
    assert line in started(*REPEAT, *words, code=2).err
    assert len(started.node.batches) == 1


def test_a_node_that_is_too_old_to_tell_is_named(started: Scene) -> None:
    ask = started.ask

    def older(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if path.endswith("/start"):
            raise NotFound("there is no such request on this function")
        return ask(method, path, *rest, **more)

    started.ask = older  # type: ignore[method-assign]
    told = started(*REPEAT, code=1)
    assert "does not report what batch 'first batch' was started with" in told.err
    assert "pennsieve compute update my-node" in told.err


def test_parallel_is_not_for_a_run_that_is_repeated(started: Scene) -> None:
    started.node.end(started.batch)
    words = ("run", "start", "--repeat", "first batch/sub-01", "--parallel", "3")
    assert "--parallel is for a batch, and 'first batch/sub-01'" in started(*words, code=2).err


@pytest.mark.parametrize("name", ["first batch", "first batch/sub-01"])
def test_a_step_that_the_batch_does_not_have(started: Scene, name: str) -> None:
    started.node.end(started.batch, "sub-01")
    told = started("run", "retry", name, "--from", "x", code=2)
    assert "the batch has no step 'x'" in told.err
    assert "its steps are: " in told.err


@pytest.mark.parametrize("name", ["first batch", "first batch/sub-01"])
def test_a_node_that_takes_over_no_steps_of_batches_starts_none(started: Scene, name: str) -> None:
    """It would ignore a step in its request, and pay for all of them again."""
    started.node.end(started.batch, "sub-01")
    ask = started.ask

    def older(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if path.endswith("/retry-from"):
            raise NotFound("there is no such request on this function")
        return ask(method, path, *rest, **more)

    started.ask = older  # type: ignore[method-assign]
    told = started("run", "retry", name, "--from", "count", code=1)
    assert "compute node 'my-node' is older than this program: it takes over no steps" in told.err
    assert "pennsieve compute update my-node" in told.err
    posts = [path for method, path, _ in started.node.asked if method == "POST"]
    assert not [path for path in posts if path.endswith("/retry")]


def test_a_batch_keeps_steps_at_a_price_that_is_said_before(scene: Scene) -> None:
    each = (*START, "--each", "subjects/*", "--keep-steps", "7")
    words = (
        "for 7 days in the node's bucket of each run that fails or is cancelled: about 0.015 USD"
    )
    assert f"steps kept\t{words} for each GB in all" in scene(*each, "--dry-run").out
    assert scene(*each, "--dry-run", "--json").document["kept_usd_per_gb"] == 0.015156
    assert (
        scene(*START, "--each", "subjects/*", "--dry-run", "--json").document["kept_usd_per_gb"]
        is None
    )
    told = scene(*each, "--name", "first batch")
    assert f"steps are kept {words}" in told.err
    assert scene.node.batches[scene.batch]["limits"] == {"keepSteps": 7}
    scene.node.end(scene.batch, "sub-01")
    scene(*REPEAT)
    assert scene.node.batches[scene.batch]["limits"] == {"keepSteps": 7}
    assert "pennsieve run retry 'first batch' --from STEP" in (
        scene("run", "show", "first batch").err
    )


def test_a_node_that_keeps_no_steps_is_named(started: Scene) -> None:
    ask = started.ask

    def older(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if path == "/batches":
            raise Invalid("the limit 'keepSteps' is not supported by a node", status=400)
        return ask(method, path, *rest, **more)

    started.ask = older  # type: ignore[method-assign]
    words = (*START, "--each", "subjects/*", "--name", "second batch")
    told = started(*words, "--keep-steps", "7", code=1)
    assert "compute node 'my-node' is older than this program, and keeps nothing" in told.err
    assert "pennsieve compute update my-node" in told.err
