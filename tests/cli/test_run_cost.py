"""``run cost``: what was said beside what it came to, by kind and step, all runs, and advice."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.forecast import Band, Forecast
from tests.cli.conftest import Scene
from tests.fakes.run_node import VERSION, summary

RUN = "abcdef01-0000-4000-8000-000000000000"
OTHER = "abcdef02-0000-4000-8000-000000000000"
SAID = Forecast(
    Band(0.1, 0.2, 0.4), Band(30, 60, 120), "from 14 runs of v1.0.0", 14, "2026-11", "us-east-1"
)
METRICS = {
    "executionTimeSec": 60,
    "totalEstimatedCost": 0.25,
    "packagesProcessed": 2,
    "costEstimate": {
        "ecs": {"estimatedCost": 0.2},
        "efsThroughput": {"estimatedCost": 0.04},
        "cloudWatchLogs": {"estimatedCost": 0.01},
    },
    "nodeMetrics": [
        {"nodeId": "count", "computeType": "standard", "durationSec": 50, "estimatedCost": 0.2}
    ],
}
STEP = {**VERSION["steps"][1], "status": "SUCCEEDED", "cpu": 4096, "memory": 16384}  # type: ignore[dict-item]


def attempt(peak_mb: int | None) -> dict[str, Any]:
    used = {"peakMemoryBytes": peak_mb * 1024**2, "cpuSeconds": 3000.0} if peak_mb else None
    return {"started": "", "ended": "", "exitCode": 0, "runningSeconds": 3600.0, "measured": used}


def remember(scene: Scene, run: str = RUN, **more: Any) -> None:
    attempts = more.pop("attempts", [attempt(1500)])
    scene.node.runs[run] = summary(
        run,
        1_700_000_000,
        **{
            "estimate": SAID.document(),
            "metrics": METRICS,
            "costs": {"machines": 0.2, "files": 0.04, "logs": 0.01},
            "stepCosts": {"count": 0.2},
            "steps": [{**STEP, "attempts": attempts}],
            **more,
        },
    )


def cost(scene: Scene, *words: str, code: int = 0) -> Any:
    result = scene.agent("run", "cost", *words)
    assert result.code == code, result.err
    return result


def test_what_was_said_stands_beside_what_it_came_to(scene: Scene) -> None:
    remember(scene)
    shown = cost(scene, RUN).out
    for words in (
        "took\t1 min 0 s, within the estimate",
        "estimated cost\t0.25 USD, within the estimate",
        "  machines\t0.20 USD",
        "  files\t0.04 USD",
        "estimate before\tabout 0.20 USD (from 0.10 USD to 0.40 USD); about 1 min 0 s",
        "  estimated\tfrom 14 runs of v1.0.0",
        "prices\tAWS list prices of us-east-1, 2026-11",
        "count\t50 s\t0.20 USD\tstandard",
    ):
        assert words in shown, shown
    document = cost(scene, RUN, "--json").document
    assert document["estimate"]["expected_usd"] == 0.2
    assert document["metrics"]["steps"][0]["estimated_usd"] == 0.2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"metrics": {**METRICS, "totalEstimatedCost": 0.5}}, "0.50 USD, more than the estimate"),
        ({"metrics": {**METRICS, "totalEstimatedCost": 0.05}}, "0.05 USD, less than the estimate"),
        ({"estimate": None}, "estimate before\tnone was recorded"),
        # Failed while its input was brought: what it came to says nothing of the estimate.
        (
            {"status": "FAILED", "reason": "step 'input': no such file"},
            "estimated cost\t0.25 USD\n",
        ),
        ({"status": "CANCELED"}, "estimated cost\t0.25 USD\n"),
        ({"metrics": {}, "status": "STARTED", "spent": 0.07, "ended": ""}, "cost so far\t0.07"),
    ],
)
def test_runs_of_all_ends(scene: Scene, more: dict[str, Any], words: str) -> None:
    remember(scene, **more)
    if not more.get("metrics", METRICS):
        scene.node.runs[RUN].pop("metrics")
    assert words in cost(scene, RUN).out


def test_all_runs_by_workflow_dataset_and_person(scene: Scene) -> None:
    remember(scene)
    remember(scene, OTHER, workflow={"id": "w-2", "name": "dear", "version": "v1"}, cost=3.0)
    rows = cost(scene, "--by", "workflow", "--json").document
    assert [group["name"] for group in rows["groups"]][:2] == ["dear", "word-count"]
    assert rows["groups"][1]["estimated_usd"] == 0.25
    shown = cost(scene, "--by", "workflow").out
    assert "dear\t1\t1 min 0 s\t3.00 USD" in shown
    assert "█" not in shown
    by_data = cost(scene, "--by", "dataset", "--json").document["groups"]
    assert by_data[0]["total"] == 2
    by_person = cost(scene, "--by", "person", "--json").document["groups"]
    assert by_person[0]["estimated_usd"] >= 3.25
    assert (
        scene.agent("run", "cost", "--by", "workflow", terminal=True, width=100).out.count("█") > 20
    )


def test_the_sizes_of_next_time_are_advised_from_what_was_measured(scene: Scene) -> None:
    remember(scene)
    remember(scene, OTHER)
    said = cost(scene, RUN, "--advise")
    for words in (
        "Measured in 2 runs of 'word-count v1.0.0'",
        "count\t0.83\t1.5 GB\t4 CPU, 16384 MB\t1 CPU, 2048 MB\t0.1",
        "in 100 runs",
        "In app.yml of https://github.com/lab/count (step 'count'):",
        "resources:\n  cpu: 1024\n  memory: 2048",
    ):
        assert words in said.out, said.out
    document = cost(scene, RUN, "--advise", "--json").document
    assert document["steps"][0]["manifest"] == ["resources:", "  cpu: 1024", "  memory: 2048"]
    assert document["saves_usd_per_100_runs"] == pytest.approx(
        100 * document["saves_usd_per_run"], rel=0.01
    )


def test_where_nothing_was_measured_it_is_said_what_to_do(scene: Scene) -> None:
    remember(scene, attempts=[attempt(None)])
    said = cost(scene, RUN, "--advise")
    assert "Nothing was measured in run" in said.out
    assert "pennsieve compute update" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((RUN, "--by", "workflow"), "--by counts all runs"),
        ((RUN, "--total"), "--total counts all runs"),
        (("--total", "--by", "person"), "cannot be given together"),
        (("--advise", "--total"), "--advise is for one run or batch"),
        (("--by", "planet"), "planet"),
    ],
)
def test_what_cannot_be_typed_together(scene: Scene, words: tuple[str, ...], line: str) -> None:
    assert line in cost(scene, *words, code=2).err
