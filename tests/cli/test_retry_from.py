"""``run start --keep-steps`` and ``run retry --from``: finished steps are not paid again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DATASET, Lab, made, prepare, repository
from tests.cli.harness import Agent
from tests.prepared import Prepared

MANIFEST = """
schemaVersion: "1.0"
name: mark
parameters:
  - {name: LABEL, type: string, default: mark}
  - {name: GATE, type: string, default: ""}
"""
PROGRAM = """
import os, pathlib, sys, time
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
label, gate = os.environ["LABEL"], os.environ.get("GATE")
names = sorted(path.name for path in source.rglob("*") if path.is_file())
print("found there", sorted(path.name for path in target.iterdir()))
(target / f"{label}-{time.time_ns()}.txt").write_text(" ".join(names))
if gate and not pathlib.Path(gate).exists():
    (target / "half.txt").write_text("half")
    sys.exit(3)
"""
CODE = {
    "Dockerfile": 'FROM python:3.13-slim\nCOPY main.py /\nUSER 1000\nCMD ["python3", "/main.py"]\n',
    "app.yml": MANIFEST,
    "main.py": PROGRAM,
    "LICENSE": "MIT",
}
SUBJECTS = ("sub-01", "sub-02", "Zoë 3")
LINE = """name: two
layout: flat
steps:
  first:
    uses: ./code
  second:
    uses: ./code
    needs:
    - first
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own, with a workflow of two steps."""
    root = tmp_path_factory.mktemp("kept")
    one = made(root, prepared)
    for subject in SUBJECTS:
        path = root / "sandbox" / "datasets" / DATASET / "subjects" / subject / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text(subject)
    repository(root / "code", CODE, None)
    (root / "workflow.yaml").write_text(LINE)
    prepare(
        one,
        ("workflow", "add", str(root / "workflow.yaml")),
        ("dataset", "grant", "two", "-d", DATASET),
    )
    yield one
    one.box.stop()


def typed(agent: Agent, *words: str, code: int = 0) -> Any:
    result = agent(*words)
    assert result.code == code, result.err
    return result


def test_the_first_step_is_taken_over(lab: Lab, agent: Agent) -> None:
    gate = lab.root / "gate"
    start = ("run", "start", "-d", DATASET, "-w", "two", "--files", "raw", "--name", "long")
    how = ("-p", "first.LABEL=one", "-p", f"second.GATE={gate}", "--keep-steps", "7")
    plan = typed(agent, *start, *how, "--dry-run")
    words = "for 7 days in the node's bucket if the run fails or is cancelled: about 0.015 USD"
    assert f"steps kept\t{words} for each GB" in plan.out
    assert typed(agent, *start, *how, "--dry-run", "--json").document["kept_usd_per_gb"] == 0.015156

    failed = typed(agent, *start, *how, "--wait", code=3)
    assert f"steps are kept {words}" in failed.err
    shown = typed(agent, "run", "show", "long").out
    assert "steps kept\tuntil " in shown
    assert "go on with: run retry --from STEP" in shown
    assert "'long' had not reached step 'output': step 'second' before it did not succeed" in (
        typed(agent, "run", "retry", "long", "--from", "output", code=1).err
    )

    cost = typed(agent, "run", "cost", "long").out
    assert "  kept steps\t" in cost
    assert "less if it is taken over sooner" in cost
    doctor = agent("compute", "doctor", "my-compute").out
    assert "✓ kept step files: less than 0.1 GB of 1 run, until " in doctor
    assert "less than 0.01 USD a month" in doctor

    with_another_input(agent)
    gate.touch()
    typed(agent, "run", "retry", "long", "--from", "second", "--dry-run")
    again = ("run", "retry", "long", "--from", "second", "--memory-on-oom", "x2")
    done = typed(agent, *again, "--wait", "--json").document
    assert (done["limits"]["memory_on_oom"], done["limits"]["keep_steps"]) == (2, 7)
    assert (done["name"], done["status"]) == ("long-2", "succeeded")
    steps = {step["id"]: step for step in done["steps"]}
    assert steps["first"]["reason"] == "taken over from run 'long'; it cost nothing"
    assert steps["first"]["attempts"] == []
    assert len(steps["second"]["attempts"]) == 1
    assert (done["details"]["taken_from"], done["details"]["taken_steps"]) == (
        "long",
        ["input", "first"],
    )
    assert "found there []" in typed(agent, "run", "logs", "long-2", "--step", "second").out
    wrote = typed(agent, "run", "show", "long-2", "--outputs", "--json").document["files"]
    names = sorted(file["path"].rpartition("/")[2] for file in wrote)
    assert [name.partition("-")[0] for name in names if name.startswith("mark")] == ["mark"]
    assert "half.txt" not in names

    typed(agent, "run", "receipt", "long-2", "--to", str(lab.root / "receipt"))
    page = "".join(path.read_text() for path in (lab.root / "receipt").rglob("*.html"))
    assert "input, first of run long" in page
    assert "goes on with what its steps made; retry that one" in (
        typed(agent, "run", "retry", "long", "--from", "second", code=2).err
    )


def with_another_input(agent: Agent) -> None:
    """A file that the run had read has another name today: told before anything is started."""
    listed = typed(agent, "dataset", "files", DATASET, "--json").document
    path = next(file["path"] for file in listed if file["path"].startswith("raw/"))
    typed(agent, "dataset", "fs", "mv", DATASET, path, f"{path}.old")
    for more in (("--dry-run",), ()):
        told = typed(agent, "run", "retry", "long", "--from", "second", *more, code=2)
        assert (
            f"'long' cannot go on from step 'second': its input has changed since: '{path}' is "
            f"called '{path}.old' now"
        ) in told.err
    typed(agent, "dataset", "fs", "mv", DATASET, f"{path}.old", path)


def rows(agent: Agent, batch: str) -> dict[str, dict[str, Any]]:
    document = agent("run", "show", batch, "--json").document
    return {row["subject"]: row for row in document["rows"]}


def many(lab: Lab, agent: Agent, name: str, *more: str) -> tuple[Path, Path]:
    """A batch of which one subject fails in its first step and one in its second."""
    first, second = (lab.root / f"{name}-{which}" for which in ("first", "second"))
    lines = [
        "subject,first.GATE,second.GATE",
        "sub-01,,",
        f"sub-02,,{second}",
        f"Zoë 3,{first},",
    ]
    table = lab.root / f"{name}.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    start = ("run", "start", "-d", DATASET, "-w", "two", "--csv", str(table))
    words = (*start, "--files", "subjects/{subject}/**", "--name", name, *more)
    typed(agent, *words, "--wait", code=3)
    return first, second


def test_subjects_of_a_batch_take_their_first_step_over(lab: Lab, agent: Agent) -> None:
    _, gate = many(lab, agent, "study", "--keep-steps", "7")
    from_second = ("run", "retry", "study", "--failed", "--from", "second")
    plan = typed(agent, *from_second, "--dry-run")
    assert plan.out.startswith(
        "Would start 1 subject of batch 'study' again from step 'second'\n"
        "Taken over instead of paid again: input, first\n"
        "Subjects: sub-02\n"
    )
    why = "had not reached step 'second': step 'first' before it did not succeed"
    assert f"Zoë 3\tits last run {why}" in plan.out
    shown = typed(agent, *from_second, "--dry-run", "--json").document
    assert (shown["changed"], shown["from_step"]) == (False, "second")
    assert shown["subjects"] == [{"subject": "sub-02", "taken_steps": ["input", "first"]}]
    assert [row["subject"] for row in shown["left"]] == ["Zoë 3"]
    with_another_name(agent, why)
    assert {row["attempt"] for row in rows(agent, "study").values()} == {1}

    gate.touch()
    told = lab.root / "told"
    grown = (*from_second, "--memory-on-oom", "x2")
    done = typed(agent, *grown, "--wait", "--then", f'echo "$PENNSIEVE_STATE" > {told}', code=3)
    assert "Started 1 subject of batch 'study' again from step 'second'" in done.out
    assert "start all steps of the others again: pennsieve run retry study" in done.err
    assert told.read_text() == "failed\n", "one subject is left that failed"
    after = rows(agent, "study")
    states = {name: (row["status"], row["attempt"]) for name, row in after.items()}
    assert states == {
        "sub-01": ("succeeded", 1),
        "sub-02": ("succeeded", 2),
        "Zoë 3": ("failed", 1),
    }
    run = typed(agent, "run", "show", after["sub-02"]["run_id"], "--json").document
    assert (run["limits"]["memory_on_oom"], run["limits"]["keep_steps"]) == (2, 7)
    steps = {step["id"]: step for step in run["steps"]}
    assert steps["first"]["attempts"] == []
    assert (
        steps["first"]["reason"]
        == "taken over from run 'study/sub-02 (attempt 1)'; it cost nothing"
    )
    lone = typed(agent, "run", "retry", "study/Zoë 3", "--from", "second", code=2)
    assert f"'study/Zoë 3' cannot go on from step 'second': its last run {why}" in lone.err
    assert "start all steps again: pennsieve run retry 'study/Zoë 3'" in lone.err
    assert "go on from the step that failed: pennsieve run retry study --from STEP" in (
        typed(agent, "run", "show", "study").err
    )


def with_another_name(agent: Agent, why: str) -> None:
    """A file of the only subject that could go on is another one than when it was read."""
    listed = typed(agent, "dataset", "files", DATASET, "--json").document
    path = next(file["path"] for file in listed if file["path"].startswith("subjects/sub-02/"))
    typed(agent, "dataset", "fs", "mv", DATASET, path, f"{path}.old")
    told = typed(agent, "run", "retry", "study", "--from", "second", code=2)
    lines = [line.strip() for line in told.err.splitlines()]
    assert f"sub-02: its input has changed since: '{path}' is called '{path}.old' now" in lines
    assert f"Zoë 3: its last run {why}" in lines
    typed(agent, "dataset", "fs", "mv", DATASET, f"{path}.old", path)


def test_a_batch_without_kept_steps_says_so(lab: Lab, agent: Agent) -> None:
    many(lab, agent, "bare")
    told = typed(agent, "run", "retry", "bare", "--from", "second", code=2)
    assert (
        "'bare' cannot go on from step 'second': nothing that the steps of its last run made was "
        "kept, as it was started without --keep-steps"
    ) in told.err
    assert "start all steps again: pennsieve run retry bare" in told.err
    assert "its steps are: input, first, second, output" in (
        typed(agent, "run", "retry", "bare", "--from", "x", code=2).err
    )
    assert {row["attempt"] for row in rows(agent, "bare").values()} == {1}
