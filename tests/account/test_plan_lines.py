"""A registration's plan fits one screen of 80 columns by 24; all of it comes with --details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.steps import DeployStack
from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.values import ResourceChange
from pennsieve_agent.cli.compute.plan_lines import NOTHING_TO_DO, own_lines, served_lines
from pennsieve_agent.console.streams import Streams
from tests.account import served
from tests.account.scene import Scene
from tests.account.test_wanted import FULL
from tests.aws.emulator import IGNORED

pytestmark = pytest.mark.filterwarnings(IGNORED)
LEFT = 24 - 4
"""The rows of a plan: less three of whose AWS account it is, and one of the question."""
MARK = "--details to see every resource"


def rows(lines: Sequence[str]) -> list[str]:
    """The lines as a terminal of 80 columns shows them."""
    streams = Streams.for_test(terminal=True, width=80)
    return [row for line in lines for row in streams.wrapped(line).splitlines()]


@pytest.mark.parametrize("settings", [Settings(), FULL], ids=["plain", "all settings"])
@pytest.mark.parametrize("name", ["my-compute", "n" * 36], ids=len)
def test_an_own_nodes_plan_fits_one_screen(scene: Scene, settings: Settings, name: str) -> None:
    plan = scene.plan()
    plan = replace(plan, spec=replace(plan.spec, settings=settings, node_name=name))
    shown = rows(own_lines(plan, details=False))
    text = " ".join(row.strip() for row in shown)
    assert len(shown) <= LEFT, "\n".join(shown)
    assert max(map(len, shown)) <= 80
    assert "resources: " in text
    assert f"about {plan.costs.idle_total:.2f} USD a month while nothing runs" in text
    assert "Pennsieve has no permissions in this account" in text
    assert "None of these roles can read other buckets" in text
    assert f"pennsieve compute delete '{name}'" in text
    assert MARK in shown[-1]


def test_details_name_every_resource_and_every_role(scene: Scene) -> None:
    plan = scene.plan()
    text = "\n".join(own_lines(plan, details=True))
    resources = plan.stack_request.template["Resources"]
    assert [name for name in resources if f" {name} (AWS::" not in text] == []
    assert [words for words in plan.words if words not in text] == []
    assert f"There is no role {plan.names.account_role}" in text
    assert "with --spot" in text
    assert MARK not in text


def test_the_plan_says_where_secrets_are_not_masked(scene: Scene) -> None:
    """AWS's log driver writes the log, and CloudWatch masks patterns, not our values."""
    plan = scene.plan()
    group = plan.names.log_group
    assert f"Log group {group} has what steps print as they print it, secrets included" in str(
        plan.words
    )
    assert plan.unmasked in plan.to_json()["words"]


def test_what_aws_would_replace_is_never_left_out(scene: Scene) -> None:
    lost = ResourceChange("Modify", "Files", "AWS::S3Files::FileSystem", "True")
    kept = ResourceChange("Modify", "Logs", "AWS::Logs::LogGroup")

    def changed(plan: AccountPlan) -> AccountPlan:
        step, *others = plan.steps
        assert isinstance(step, DeployStack)
        return replace(plan, steps=(replace(step, changes=(lost, kept)), *others))

    text = "\n".join(own_lines(changed(scene.plan()), details=False))
    assert "(2 resources: 1 storage, 1 records)" in text
    assert "update Files (AWS::S3Files::FileSystem)" in text
    assert "AWS replaces it, and its contents are lost" in text
    assert "update Logs" not in text


def test_nothing_to_do_is_one_line(scene: Scene) -> None:
    plan = scene.plan()
    done = replace(plan, steps=tuple(AlreadyDone(step, "done") for step in plan.steps))
    for details in (False, True):
        assert own_lines(done, details=details) == NOTHING_TO_DO


@pytest.mark.parametrize("as_served", [False, True])
def test_the_plan_of_a_node_that_pennsieve_runs_fits_one_screen(
    lab: Scene, *, as_served: bool
) -> None:
    plan = served.plan(lab, as_served=as_served)
    lines = list(served_lines(plan, details=False))
    shown = rows(lines)
    text = " ".join(row.strip() for row in shown)
    assert len(shown) <= LEFT, "\n".join(shown)
    assert all(service in text for service in (*plan.wildcards, *plan.partly))
    assert "iam" in plan.partly
    assert plan.words[1].endswith(", by itself; by a role that it passes it may")
    assert lines[0].startswith("Pennsieve is still an administrator of this AWS account: it can")
    assert "pass any role that is there to lambda" in lines[0]
    assert plan.to_json()["words"][0] == lines[0]
    assert "the cost is not known before" in text
    assert ("--as-served" in text) is as_served
    assert "pennsieve compute delete 'lab'" in text
    assert MARK in shown[-1]
    full = "\n".join(served_lines(plan, details=True))
    assert full.startswith(lines[0])
    assert all(words in full for words in plan.words)
