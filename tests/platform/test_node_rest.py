"""What is left of compute nodes: workspaces, language models, legacy applications."""

from __future__ import annotations

import math

import pytest

from pennsieve_agent.domain.legacy import LegacyApplication
from pennsieve_agent.domain.llm import BudgetPeriod, LlmBudget
from pennsieve_agent.errors import Invalid, PlatformError, UsageProblem
from tests.fakes.scripted_platform import scripted

NODE = "v2/compute/resources/compute-nodes/n"


def test_attach_names_the_workspace_and_sends_no_body() -> None:
    with scripted() as (script, platform):
        query = {"organization_id": "N:organization:o"}
        script.on(f"POST {NODE}/organization", {"message": "ok"}, query=query, body=None)
        platform.node_workspaces.attach("n", "N:organization:o")


def test_attach_of_a_node_of_the_interface_is_refused() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {NODE}/organization", {"message": "already attached"}, status=400)
        with pytest.raises(Invalid):
            platform.node_workspaces.attach("n", "o")


def test_detach() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE {NODE}/organization", {"message": "ok"}, body=None)
        platform.node_workspaces.detach("n")


def test_a_budget_is_set_and_read() -> None:
    body = {"budgetUsd": 2.5, "budgetPeriod": "monthly"}
    budget = LlmBudget(2.5, BudgetPeriod.MONTHLY)
    with scripted() as (script, platform):
        script.on(f"PUT {NODE}/llm-config", body, body=body)
        script.on(f"GET {NODE}/llm-config", body)
        assert platform.llm.set("n", budget) == budget
        assert platform.llm.get("n") == budget


@pytest.mark.parametrize(
    "budget",
    [
        LlmBudget(-1, BudgetPeriod.DAILY),
        LlmBudget(math.nan, BudgetPeriod.DAILY),
        LlmBudget(1, BudgetPeriod.UNKNOWN),
    ],
)
def test_a_budget_that_is_none_is_not_sent(budget: LlmBudget) -> None:
    with scripted() as (_, platform), pytest.raises(UsageProblem):
        platform.llm.set("n", budget)


@pytest.mark.parametrize("answer", [None, {}])
def test_a_node_that_takes_no_notice_has_no_budget(answer: object) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}/llm-config", answer)
        with pytest.raises(PlatformError):
            platform.llm.get("n")


def test_legacy_applications_of_a_node() -> None:
    row = {
        "uuid": "a",
        "name": "old",
        "applicationType": "processor",
        "computeNode": {"uuid": "n", "efsId": "fs"},
        "source": {"type": "github", "url": "git://github.com/o/r"},
        "params": None,
        "userId": "N:user:ada",
        "status": "deployed",
        "createdAt": "2024-04-24 18:02:12.123456789 +0000 UTC",
    }
    old = LegacyApplication(
        "a",
        "old",
        source_url="git://github.com/o/r",
        kind="processor",
        status="deployed",
        node_uuid="n",
        owner_id="N:user:ada",
        created_at="2024-04-24T18:02:12.123Z",
    )
    with scripted() as (script, platform):
        query = {"organization_id": "o", "computeNodeUuid": "n"}
        script.on("GET v2/applications/v1", [row], query=query)
        script.on("GET v2/applications/v1", [row], query={"organization_id": "o"})
        script.on("GET v2/applications/a", row)
        script.on("GET v2/applications/v1", [row], query={"organization_id": "o"})
        message = {"message": "Application deletion initiated"}
        script.on("DELETE v2/applications/a", message, status=202)
        assert platform.legacy.list("o", "n") == [old]
        assert platform.legacy.get("o", "a") == old
        platform.legacy.delete("o", "a")
