"""What a mover is told, and what it may ask for."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.input_layout import Layout
from pennsieve_agent.node.jobs.tasks import (
    MOST_SLUG,
    RelayRequest,
    Task,
    TaskKind,
    object_key,
    relay_allows,
    step_slug,
    transfer_command,
    transfer_environment,
)

RUN, MINE, OTHER = "r1", "N:dataset:mine", "N:dataset:other"


def test_a_task_comes_back_as_it_was_written() -> None:
    task = Task(
        TaskKind.DELIVER,
        RUN,
        "s",
        MINE,
        ("p",),
        ("a", "b"),
        "t",
        {"K": "V"},
        Layout.FLAT,
        ("in", "a", "b", "s"),
        ("a", "b", "in"),
        ("in",),
        100_001,
    )
    assert Task.of(task.to_json()) == task


@given(st.text(max_size=8), st.text(max_size=8), st.sampled_from(("", "s" * 60, "ü" * 120)))
def test_two_steps_never_have_one_slug(one: str, two: str, rest: str) -> None:
    if one and two and one != two:
        assert step_slug(rest + one) != step_slug(rest + two)
    assert len(step_slug(rest + one)) <= MOST_SLUG
    assert "/" not in object_key(RUN, one, TaskKind.MERGE).removeprefix(f"runs/{RUN}/")


def test_the_environment_has_names_alone() -> None:
    values = {"region": "us-east-1", "bucket": "b", "endpoint": ""}
    found = transfer_environment(values, RUN, "s 1", TaskKind.STAGE_IN)
    assert found == {
        "NODE_REGION": "us-east-1",
        "NODE_BUCKET": "b",
        "MOVER_TASK": "runs/r1/s_20_1.stage-in.json",
        "RUN_DIR": "/mnt/run",
    }


def test_the_command_fits_a_job_definition() -> None:
    """Batch takes 30 KiB of overrides and definitions (AWS Batch, "Service quotas")."""
    command = transfer_command()
    assert command[:2] == ["python3", "-c"]
    assert len(command[2]) < 20_000
    compile(command[2], "mover", "exec")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/packages/download-manifest"),
        ("GET", "/datasets/manifest"),
        ("POST", "/upload/manifest"),
        ("POST", "/upload/manifest/storage-credentials"),
        ("POST", "/upload/manifest/files/finalize"),
        ("PATCH", "/packages/assets/a-1"),
    ],
)
def test_files_of_the_runs_own_dataset(method: str, path: str) -> None:
    assert relay_allows(RelayRequest(RUN, method, path, {"dataset_id": MINE}), MINE)
    assert not relay_allows(RelayRequest(RUN, method, path, {"dataset_id": OTHER}), MINE)
    assert not relay_allows(RelayRequest(RUN, method, path), MINE)
    assert not relay_allows(RelayRequest(RUN, method, path, {"dataset_id": ""}), "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *product(("GET", "PUT", "DELETE"), ("/datasets/N:dataset:mine", "/upload/manifest")),
        ("GET", "/user"),
        ("POST", "/packages/download-manifest/../../user"),
        ("PATCH", "/packages/assets/a/../b"),
        ("PATCH", "/packages/assets/a%2Fb"),
        ("DELETE", "/packages/assets/a"),
        ("PUT", "/compute/workflows/runs/r2/outputs"),
        ("POST", "/compute/workflows/runs"),
        ("GET", "/session"),
    ],
)
def test_nothing_else(method: str, path: str) -> None:
    assert not relay_allows(RelayRequest(RUN, method, path, {"dataset_id": MINE}), MINE)


def test_outputs_of_its_own_run() -> None:
    assert relay_allows(RelayRequest(RUN, "PUT", f"/compute/workflows/runs/{RUN}/outputs"), MINE)
