"""Whatever a person calls steps, runs, parameters and secrets, AWS takes what is made of it.

Each call of the node goes by a stand-in that holds it to the models and quotas of AWS's services
(:class:`tests.aws.held_clients.Held`), and fails the test if AWS would refuse it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pennsieve_agent.errors import Invalid
from pennsieve_agent.sandbox.aws.limits.batch_quotas import MOST_DEFINITION
from tests.aws.held_clients import Held
from tests.node.owned import WORKFLOW, Owned, owned, start, version

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=256)
"""What the node takes as a step's id."""


def test_the_stand_in_refuses() -> None:
    class Batch:
        def submit_job(self, **_: Any) -> None:
            raise AssertionError("this was let through")

    with pytest.raises(AssertionError, match="AWS would refuse SubmitJob: Job name"):
        Held("batch", Batch()).submit_job(jobName="a b", jobQueue="q", jobDefinition="d")


@given(step=WORDS, name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=256))
@example(step="a" * 256, name="\U0001f600" * 256)
@example(step="/", name="")
@example(step="aws:*?[]", name="\u0390" * 256)  # its small letters have more bytes
@settings(max_examples=30)
def test_names_of_steps_and_runs(step: str, name: str) -> None:
    document = version("v2")
    document["steps"][1]["id"] = step
    document["steps"][2]["dependsOn"] = [step]
    if step in {"in", "out"}:
        return
    with owned() as node:
        node.furnish().ask(
            "PUT", f"/workflows/{WORKFLOW}/versions/v2", body={**document, "version": "v2"}
        )
        node.owner.ask("POST", "/runs", body=start(version="v2", name=name))
        node.world.deliver(node.world.events.pop(0))
        node.world.finish_all()
        left = {what: rows for what, rows in node.world.left().items() if rows}
        assert not left


def set_secrets(node: Owned, scope: str, *names: str) -> None:
    body = {"secrets": dict.fromkeys(names, "s3cret-value")}
    node.owner.ask("PATCH", "/secrets", {"scope": scope}, body)


def begin(node: Owned, count: int) -> None:
    """A run whose step has so many parameters."""
    values = {f"PARAMETER_{number:04}": "x" for number in range(count)}
    node.owner.ask("POST", "/runs", body=start(parameters={"work": values}))
    node.world.deliver(node.world.events.pop(0))


@pytest.mark.parametrize("count", [1, 40, 84])
def test_many_parameters_fit(node: Owned, count: int) -> None:
    node.furnish()
    begin(node, count)
    assert node.world.definitions


def test_more_parameters_than_a_job_definition_names_are_refused(node: Owned) -> None:
    """A job definition has 24 KB; rows that say where values are fill it."""
    node.furnish()
    with pytest.raises(Invalid, match="step 'work' has 100 parameters, more than AWS Batch takes"):
        begin(node, 100)
    set_secrets(node, "shared", *(f"SECRET_{number:02}" for number in range(28)))
    with pytest.raises(Invalid, match="put them into a file of the input"):
        begin(node, 84)  # which fit where there are no secrets


def test_a_job_definition_with_all_that_is_allowed(node: Owned) -> None:
    node.furnish()
    for scope in ("shared", "user"):
        set_secrets(node, scope, *(f"{scope}_SECRET_{number:02}" for number in range(28)))
    with pytest.raises(Invalid, match="58 secrets are more than AWS Batch hands to a step"):
        set_secrets(node, "user", *(f"MORE_{number}" for number in range(30)))
    begin(node, 35)
    rows = node.world.definitions.values()
    # What a metered step would be without its meter is not sent.
    sent = [
        {k: v for k, v in row.items() if k != "containerProperties" or "ecsProperties" not in row}
        for row in rows
    ]
    sizes = [len(json.dumps(row, default=str)) for row in sent]
    assert max(sizes) <= MOST_DEFINITION


def test_no_parameter_and_no_secret_has_a_name_of_batch(node: Owned) -> None:
    node.furnish()
    with pytest.raises(Invalid, match="AWS_BATCH_JOB_ID"):
        set_secrets(node, "user", "AWS_BATCH_JOB_ID")
    body = start(parameters={"work": {"AWS_BATCH_JOB_ID": "1"}})
    with pytest.raises(Invalid, match="AWS Batch uses that name"):
        node.owner.ask("POST", "/runs", body=body)
