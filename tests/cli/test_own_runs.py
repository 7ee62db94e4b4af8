"""The run commands with an own node beside Pennsieve's: one list, one way to ask."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import AgentError, AwsError, Forbidden
from tests.cli.conftest import DATASET, WORD_COUNT, Scene, repository
from tests.cli.harness import Agent
from tests.fakes.run_node import summary

START = ("run", "start", "--dataset", DATASET, "--node", "my-node")


def typed(scene: Scene, *words: str, code: int = 0) -> Any:
    result = scene.agent(*words)
    assert result.code == code, result.err
    return result


def test_the_plan_says_where_what_and_how_much(scene: Scene) -> None:
    plan = typed(scene, *START, "--files", "raw", "--layout", "flat", "--dry-run").out
    for words in (
        "workflow\town-count v1.0.0",
        "node\tmy-node, your own, AWS account 123456789012, us-east-1",
        "acts as\tthe workflow's own identity",
        "input\t2 files, 24 B",
        "layout\tflat (all files at the top of INPUT_DIR)",
    ):
        assert words in plan
    assert not scene.node.starts
    assert "USD whatever its steps do" in plan
    document = typed(scene, *START, "--dry-run", "--json").document
    assert document["estimate"]["once"] > document["estimate"]["files"] >= 0
    assert document["estimate"]["hour"] > 0.04
    assert (document["node_kind"], document["workflow_version"], document["layout"]) == (
        *("own", "v1.0.0", "tree"),
    )


def test_a_start_is_told_and_listed_with_its_node(scene: Scene) -> None:
    started = typed(scene, *START, "--all", "--name", "own run", "--max-cost", "5")
    (run_id,) = scene.node.starts
    assert started.out == f"Started run 'own run' ({run_id})\n"
    assert scene.node.starts[run_id]["limits"] == {"maxCost": 5.0}
    listed = typed(scene, "run", "list").out.splitlines()
    assert listed[0].split("\t")[:4] == ["NAME", "STATUS", "WORKFLOW", "NODE"]
    nodes = [row["node"] for row in typed(scene, "run", "list", "--json").document]
    assert {"my-node", "my-compute"} <= set(nodes)
    shown = typed(scene, "run", "show", "own run").out
    for words in (
        "node\tmy-node",
        "workflow\tword-count v1.0.0",
        "started by\tarn:aws:iam::123456789012:user/ada (Ada, as claimed)",
        "input\t2 files, 30 B, layout tree",
        "estimated cost\t0.25 USD",
    ):
        assert words in shown
    assert typed(scene, "run", "show", run_id, "--status", code=8).out == "pending\n"


def test_the_whole_dataset_is_taken_only_after_a_yes(scene: Scene) -> None:
    everything = typed(scene, "dataset", "files", DATASET, "--json").document
    refused = scene.agent(*START)
    # Results of other tests' runs are no input, wherever they lie.
    results = re.search(r"left out: (\d+) files? of results", refused.err)
    there = len(everything) - (int(results[1]) if results else 0)
    count = f"the whole dataset: {there} files, "
    assert (refused.code, scene.node.starts) == (2, {})
    assert count in refused.err
    assert "--files 'PATTERN'; or take them all with: --all" in refused.err
    mistyped = scene.agent(*START, "--files", "!nothing/**")
    assert (mistyped.code, scene.node.starts) == (2, {})
    assert count in mistyped.err
    assert "leaves out no file: '!nothing/**'" in mistyped.err
    no = scene.agent(*START, answers="n\n", terminal=True)
    assert (no.code, scene.node.starts) == (0, {})
    assert count in no.err
    assert "nothing was started" in no.err
    assert scene.agent(*START, answers="y\n", terminal=True).code == 0
    typed(scene, *START, "--all", "--json")
    assert [len(body["files"]) for body in scene.node.starts.values()] == [there] * 2
    plan = typed(scene, *START, "--dry-run", "--json").document
    chosen = {file["path"] for file in plan["files"]}
    assert (len(chosen), chosen <= {file["path"] for file in everything}) == (there, True)
    both = scene.agent(*START, "--all", "--files", "raw")
    assert (both.code, "cannot be given together" in both.err) == (2, True)


def test_a_lost_answer_is_finished_by_the_same_command(scene: Scene) -> None:
    words = (*START, "--all", "--param", "STYLE=fancy", "--json")
    ask = scene.node.ask

    def lose(*request: Any, **more: Any) -> Any:
        answer = ask(*request, **more)
        if request[:2] == ("POST", "/runs"):
            raise AwsError("AWS does not answer", hint="check the network")
        return answer

    scene.node.ask = lose  # type: ignore[method-assign]
    assert scene.agent(*words).code == 1
    scene.node.ask = ask  # type: ignore[method-assign]
    again = typed(scene, *words)
    assert "the same command got no answer before" in again.err
    assert list(scene.node.starts) == [again.document["id"]]
    assert typed(scene, *words).document["id"] != again.document["id"]


def test_the_latest_is_mine_wherever_it_is(scene: Scene) -> None:
    mine = {"name": "Ada Lovelace", "email": "ada@example.org"}
    in_future = 4_000_000_000
    scene.node.runs["a" * 8] = summary("a" * 8, in_future, person=mine)
    scene.node.runs["b" * 8] = summary("b" * 8, in_future + 9, person={"email": "x@example.org"})
    assert typed(scene, "run", "show", "--json").document["id"] == "a" * 8
    rows = typed(scene, "run", "list", "--mine", "--json", "-L", "2").document
    assert [row["id"] == "a" * 8 for row in rows] == [True, False]
    assert scene.agent("run", "cancel").code == 2


def test_filters_go_to_both(scene: Scene) -> None:
    scene.node.runs["a" * 8] = summary("a" * 8, 4_000_000_000, status="FAILED")
    rows = typed(scene, "run", "list", "--status", "failed", "--json").document
    assert {row["status"] for row in rows} == {"failed"}
    assert "a" * 8 in {row["id"] for row in rows}
    rows = typed(scene, "run", "list", "--dataset", DATASET, "--since", "7d", "--json").document
    assert rows
    assert {row["dataset_id"] for row in rows} == {scene.dataset}
    query = scene.node.asked[-1][2]
    assert query["dataset"] == scene.dataset
    assert query["since"].endswith("Z")
    for words in (("--since", "soon"), ("--mine", "--person", "ada"), ("--status", "odd")):
        assert scene.agent("run", "list", *words).code == 2


@pytest.mark.parametrize(
    "error",
    [
        AwsError("the node's function is gone", hint="see: pennsieve compute doctor my-node"),
        AwsError("AWS asked to slow down, and went on asking", hint="wait a minute"),
        AwsError("no AWS credentials were found", hint="sign in with: aws sso login"),
        Forbidden("the proof was refused: this machine's clock is 7 minutes late", status=401),
    ],
)
def test_a_node_that_does_not_answer_is_named_and_the_others_are_listed(
    scene: Scene, error: AgentError
) -> None:
    scene.down = error
    result = typed(scene, "run", "list", "--json")
    assert result.document
    assert result.err == (
        f"compute node 'my-node' was left out: {error.message}"
        f"{f' ({error.hint})' if error.hint else ''}\n"
    )
    zeroth = next(row for row in result.document if row["name"] == "zeroth")
    shown = typed(scene, "run", "show", zeroth["id"])
    assert not shown.err, "a whole id on Pennsieve needs no own node"
    refused = scene.agent(*START)
    assert refused.code in {1, 4}
    assert error.message in refused.err


def test_what_the_node_refuses_is_said_in_its_words(scene: Scene) -> None:
    scene.node.access = {}
    refused = scene.agent(*START, "--workflow", "own-count")
    assert refused.code == 4
    assert "on compute node 'my-node', workflow 'own-count' has no access to dataset" in refused.err
    assert f"pennsieve dataset grant own-count --dataset '{DATASET}'" in refused.err
    scene.node.runs["a" * 8] = summary("a" * 8, 4_000_000_000)
    refused = scene.agent("run", "cancel", "aaaaaaaa")
    assert refused.code == 1
    assert "has ended already: succeeded" in refused.err
    assert "see it with: pennsieve run show" in refused.err


def test_cancel_wait_outputs_metrics_and_stats(scene: Scene) -> None:
    run = "c" * 8
    scene.node.runs[run] = summary(
        run,
        4_000_000_000,
        status="STARTED",
        dataset=scene.dataset,
        metrics={"executionTimeSec": 65, "totalEstimatedCost": 0.25, "packagesProcessed": 2},
    )
    waited = scene.agent("run", "wait", run, "--timeout", "0")
    assert (waited.code, "is still running" in waited.err) == (8, True)
    # The run's own times count, as in run show.
    assert typed(scene, "run", "cost", run, "--json").document["metrics"]["seconds"] == 60
    scene.node.files = [{"path": "results/a.txt", "size": 5, "sha256": "s"}]
    assert typed(scene, "run", "show", "--outputs", run, "--json").document["files"] == [
        {"path": "results/a.txt", "size": 5, "package_id": None, "sha256": "s"}
    ]
    missing = scene.agent("run", "download", run, "--to", "/nowhere/x")
    assert (missing.code, "is not in the dataset" in missing.err) == (2, True)
    cancelled = typed(scene, "run", "cancel", run, "--wait")
    assert cancelled.out.endswith("is canceled\n")
    assert typed(scene, "run", "wait", run, code=3).err
    stats = typed(scene, "run", "cost", "--total", "--json").document
    places = {row["node"]: row["total"] for row in stats["places"]}
    assert places["my-node"] == 1
    assert stats["total"] == sum(places.values())


def test_a_run_of_somebody_else_is_cancelled_by_its_full_name_and_a_yes(scene: Scene) -> None:
    theirs, mine = ("1" * 8 + "-0000-4000-8000-00000000000" + end for end in "12")
    other = {"name": "Grace", "email": "grace@example.org"}
    user = scene.agent("whoami", "--json").document["user"]
    myself = {"name": user["name"], "email": user["email"].upper()}
    for run, name, person in ((theirs, "theirs-1c20", other), (mine, "mine-1c20", myself)):
        scene.node.runs[run] = summary(
            run, 4_000_000_000, name=name, status="STARTED", dataset=scene.dataset, person=person
        )
    part = scene.agent("run", "cancel", "theirs-1", "--yes")
    assert part.code == 2
    assert "'theirs-1' is not the full name of run 'theirs-1c20'" in part.err
    unasked = scene.agent("run", "cancel", "theirs-1c20")
    assert (unasked.code, "was started by Grace. Cancel it?" in unasked.err) == (2, True)
    plan = scene.agent("run", "cancel", "theirs-1c20", "--dry-run")
    assert (plan.code, plan.out) == (0, "Would cancel run 'theirs-1c20'\n")
    assert scene.node.runs[theirs]["status"] == "STARTED"
    assert typed(scene, "run", "cancel", theirs, "--yes").out.endswith("is canceled\n")
    assert typed(scene, "run", "cancel", "mine-1").out.endswith("is canceled\n")
    assert "is canceled already" in typed(scene, "run", "cancel", "mine-1").out


def test_a_cancel_that_another_one_outran_is_no_error(scene: Scene) -> None:
    run = "2" * 8 + "-0000-4000-8000-000000000002"
    person = {"email": scene.agent("whoami", "--json").document["user"]["email"]}
    scene.node.runs[run] = summary(run, 4_000_000_000, status="CANCELING", person=person)
    assert "is canceling already" in typed(scene, "run", "cancel", run).out


def test_a_list_says_how_many_there_are(scene: Scene) -> None:
    for n in range(25):
        run = f"{n:08}-0000-4000-8000-000000000001"
        scene.node.runs[run] = summary(run, 1_000 + n, name=f"old-{n:02}", dataset=scene.dataset)
    some = typed(scene, "run", "list", "--name", "old-")
    assert len(some.out.splitlines()) == 21
    assert some.err == "20 of 25; more with: --limit 25\n"
    assert len(typed(scene, "run", "list", "--name", "old-*1", "--json").document) == 3
    assert typed(scene, "run", "list", "--name", "no-such").err.startswith("no such run")


def test_logs_work_alike(scene: Scene) -> None:
    run = "d" * 8
    step = {"id": "count", "kind": "processor", "status": "SUCCEEDED"}
    scene.node.runs[run] = summary(run, 4_000_000_000, steps=[step])
    scene.node.messages = [
        {"timestamp": 4_000_000_001_000 + i, "message": f"line {i}", "step": "count"}
        for i in range(250)
    ]
    for words in (("run", "logs", run), ("run", "logs", run, "--follow")):
        lines = typed(scene, *words).out.splitlines()
        assert lines == [f"line {i}" for i in range(250)]


def test_a_run_without_a_line_or_a_file_is_told_so(scene: Scene, tmp_path: Path) -> None:
    for status, words in (
        ("SUCCEEDED", "run 'run-dddd' logged nothing\n"),
        ("STARTED", "nothing was logged yet; wait for it with --follow\n"),
    ):
        scene.node.runs["d" * 8] = summary("d" * 8, 4_000_000_000, status=status)
        silent = typed(scene, "run", "logs", "d" * 8)
        assert (silent.out, silent.err) == ("", words)
        code, written = (0, "wrote nothing\n") if status == "SUCCEEDED" else (8, "has not ended")
        empty = typed(scene, "run", "download", "d" * 8, "--to", str(tmp_path), code=code)
        assert empty.out == ""
        assert f"run 'run-dddd' {written}" in empty.err


def test_a_failed_run_is_shown_with_its_reason_and_last_lines(scene: Scene) -> None:
    run = "e" * 8
    ended = 4_000_000_060
    step = {
        "id": "count",
        "kind": "processor",
        "status": "FAILED",
        "reason": "the program ended with exit code 3",
        "started": "2096-10-02T07:06:45.000Z",
        "ended": "2096-10-02T07:07:40.000Z",
    }
    scene.node.runs[run] = summary(run, 4_000_000_000, status="FAILED", steps=[step])
    scene.node.messages = [
        {"timestamp": (ended - 300 + i) * 1000, "message": f"line {i}", "step": "count"}
        for i in range(300)
    ]
    scene.node.messages[-1]["message"] = "ValueError: \x1b[2Jno channel"
    shown = typed(scene, "run", "show", run)
    assert "Step 'count' failed: the program ended with exit code 3\n" in shown.out
    assert shown.out.endswith(
        "Its last 20 lines:\n"
        + "".join(f"  line {i}\n" for i in range(280, 299))
        + "  ValueError: no channel\n"
    )
    all_of_it, advice = shown.err.splitlines()
    assert all_of_it == "all of it: pennsieve run logs run-eeee --step count"
    assert advice.startswith("next: run the code on this machine")
    asked = [query for _, path, query in scene.node.asked if path.endswith("/logs")]
    assert [query.get("tail") for query in asked] == ["20"]
    failed = typed(scene, "run", "show", run, "--json").document["failed_step"]
    assert (failed["step"], len(failed["last_lines"])) == ("count", 20)
    for step["ended"] in ("", "2096-10-02T05:00:00.000Z"):
        again = typed(scene, "run", "show", run, "--json").document["failed_step"]
        assert again["last_lines"] == failed["last_lines"]


@pytest.mark.usefixtures("ready")
def test_on_pennsieves_node_it_is_said_whom_a_run_acts_as(agent: Agent, tmp_path: Path) -> None:
    here = repository(tmp_path / "here-alone", WORD_COUNT, None)
    register = ("compute", "register", "--name", "theirs", "--provisioner", "platform", "--yes")
    made = agent(*register)
    assert made.code == 0, made.err
    asked = agent("run", "start", "-d", DATASET, "-w", "word-count")
    assert (asked.code, "my-compute, theirs (run by Pennsieve)" in asked.err) == (2, True)
    start = ("run", "start", "-d", DATASET, "-w", "word-count", "--node", "theirs")
    for words in (("--max-cost", "5"), ("--layout", "flat")):
        refused = agent(*start, *words)
        assert refused.code == 2
        assert "is run by Pennsieve" in refused.err
    added = agent("workflow", "add", str(here), "--name", "here-alone")
    assert added.code == 0, added.err
    elsewhere = agent("run", "start", "-d", DATASET, "-w", "here-alone", "--node", "theirs")
    assert elsewhere.code == 2
    assert "workflow 'here-alone' is registered on your own nodes only" in elsewhere.err
    assert "--node my-compute" in elsewhere.err
    assert agent("workflow", "archive", "here-alone", "--delete", "--yes").code == 0
    started = agent(*start, "--files", "raw", "--wait")
    assert started.code == 0, started.err
    said = " ".join(started.err.split())
    assert "the run acts as you and can access all that you can; grants limit only your" in said
    assert "It also gets the token that renews your session" in said
    listed = agent("run", "list", "--json", "-L", "1").document
    assert [row["node"] for row in listed] == ["theirs"]
    removed = agent("compute", "delete", "theirs", "--yes")
    assert removed.code == 0, removed.err
