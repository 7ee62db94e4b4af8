"""What ``run start`` says of cost and time before the start, and what is refused for it."""

from __future__ import annotations

from typing import Any

from tests.cli.conftest import DATASET, Scene
from tests.fakes.run_node import summary

START = ("run", "start", "--dataset", DATASET, "--node", "my-node", "--files", "raw")
EARLIER = "aaaaaaa{}-0000-4000-8000-000000000000"


def remember(scene: Scene, count: int, **more: Any) -> None:
    """Runs of the version that cost 0.25 USD and took a minute."""
    for number in range(count):
        id_ = EARLIER.format(number)
        scene.node.runs[id_] = summary(id_, 1_700_000_000 + number, **more)


def test_the_estimate_is_shown_before_the_start_and_sent_with_it(scene: Scene) -> None:
    fresh = scene.agent(*START, "--dry-run")
    assert "estimated\tno runs yet: from the declared resources" in fresh.out
    remember(scene, 4)
    plan = scene.agent(*START, "--dry-run")
    for words in (
        "cost\tabout 0.25 USD (from 0.",
        "time\tabout 1 min 0 s (from ",
        "estimated\tfrom 4 runs of v1.0.0",
        "prices\tAWS list prices of us-east-1, 2026-11",
    ):
        assert words in plan.out
    document = scene.agent(*START, "--dry-run", "--json").document["estimate"]
    assert document["low_usd"] < document["expected_usd"] < document["high_usd"]
    assert (document["runs"], document["prices_region"]) == (4, "us-east-1")
    started = scene.agent(*START, "--name", "estimated")
    assert started.code == 0, started.err
    assert "estimate: about 0.25 USD (from 0." in started.err
    (body,) = scene.node.starts.values()
    assert body["estimate"]["basis"] == "from 4 runs of v1.0.0"


def test_a_run_that_its_limit_would_end_is_refused_and_one_that_it_may_is_told(
    scene: Scene,
) -> None:
    remember(scene, 4)
    for more in ((), ("--dry-run",)):
        refused = scene.agent(*START, "--max-cost", "0.01", *more)
        assert refused.code == 2, refused.err
        assert "its limit of 0.01 USD would end it too early" in refused.err
        assert "--max-cost 0." in refused.err
    near = scene.agent(*START, "--max-cost", "0.26")
    assert near.code == 0, near.err
    assert "the run may be ended by its limit of 0.26 USD" in near.err
    assert len(scene.node.starts) == 1


def test_what_the_months_budget_has_left_counts(scene: Scene) -> None:
    remember(scene, 4)
    scene.node.budget_left = 0.01
    refused = scene.agent(*START)
    assert refused.code == 2
    assert "budget of compute node 'my-node' has 0.01 USD left" in refused.err
    scene.node.budget_left = 0.26
    near = scene.agent(*START)
    assert near.code == 0
    assert "may be ended by this month's budget" in near.err
