"""``run start`` of a batch on an own node: what is sent, and all that is refused before."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import NodeUnreachable
from tests.cli.batches.scene import START, SUBJECTS, Scene, table
from tests.cli.conftest import DATASET
from tests.fakes.run_node import VERSION


def test_a_folder_is_a_run_and_all_are_one_document(scene: Scene) -> None:
    shown = scene(
        *(*START, "--each", "subjects/*", "--files", "**/*.txt", "-p", "STYLE=fancy"),
        *("--max-cost", "2", "--parallel", "7", "--name", "first batch"),
    )
    (body,) = scene.node.batches.values()
    assert shown.out == f"Started batch 'first batch' ({body['id']}): 3 runs\n"
    assert "for each run: 2.00 USD; all 3 together up to 6.00 USD" in shown.err
    assert [run["subject"] for run in body["runs"]] == sorted(SUBJECTS)
    assert [f["path"] for f in body["runs"][0]["files"]] == ["subjects/Zoë 3/eeg/a.txt"]
    assert (body["parallel"], body["limits"], body["layout"]) == (7, {"maxCost": 2.0}, "tree")
    assert body["parameters"] == {"count": {"STYLE": "fancy"}}
    assert not any(run["parameters"] for run in body["runs"])
    posts = [path for method, path, _ in scene.node.asked if method == "POST"]
    assert posts == ["/checks", "/batches"]


def test_a_batch_that_this_machine_did_not_start_is_not_gone_on_with(scene: Scene) -> None:
    result = scene("run", "start", "--resume", "nothing", code=2)
    assert "no batch started on this machine is called 'nothing'" in result.err


def test_a_row_is_a_run_with_its_own_parameters(scene: Scene, tmp_path: Path) -> None:
    file = table(tmp_path, "subject;LEAST;HOW\nsub-01;2;plain\nsub-02;;fancy\nZoë 3;4;plain\n")
    scene(*START, "--csv", file, "--files", "subjects/{subject}/eeg", "-p", "STYLE={HOW}")
    (body,) = scene.node.batches.values()
    assert {run["subject"]: run["parameters"]["count"] for run in body["runs"]} == {
        "sub-01": {"LEAST": "2", "STYLE": "plain"},
        "sub-02": {"STYLE": "fancy"},
        "Zoë 3": {"LEAST": "4", "STYLE": "plain"},
    }
    assert [len(run["files"]) for run in body["runs"]] == [1, 1, 1]


def test_the_plan_is_a_table_and_starts_nothing(scene: Scene, tmp_path: Path) -> None:
    file = table(tmp_path, "subject,LEAST\nsub-01,2\nsub-02,3\nZoë 3,4\n")
    words = (*START, "--each", "subjects/*", "--csv", file, "--dry-run")
    text = scene(*words).out
    assert "runs\t3, up to 50 at once" in text
    assert "sub-02\t2\t" in text
    assert "LEAST=3" in text
    document = scene(*words, "--json").document
    assert {run["subject"]: run["parameters"] for run in document["runs"]} == {
        "sub-01": {"count": {"LEAST": "2"}},
        "sub-02": {"count": {"LEAST": "3"}},
        "Zoë 3": {"count": {"LEAST": "4"}},
    }
    assert document["estimate"]["once"] > 0
    assert not scene.node.batches
    scene.node.quotas = [{"name": "Fargate On-Demand vCPU resource count", "processors": 6.0}]
    allowed = "up to 6 processors at once (Fargate On-Demand vCPU resource count)"
    assert f"AWS allows\t{allowed}" in scene(*words).out
    assert scene(*words, "--json").document["quotas"] == [allowed]


def test_a_batch_of_one_is_a_batch(scene: Scene) -> None:
    assert "1 run\n" in scene(*START, "--each", "subjects/sub-01").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--each", "subjects/*", "--each-file", "a"), "--each and --each-file cannot"),
        (("--each", "subjects/*", "--local"), "--local and --each cannot be given together"),
        (("--each-file", "raw/*", "--all"), "--all and --each-file cannot be given together"),
        (("--each", "subjects/*", "--folder", "x"), "--folder and --each cannot"),
        (("--each", "subjects/*", "--input-run", "x"), "--input-run and --each cannot"),
        (("--parallel", "3"), "--parallel is for a batch"),
        (("--each", "subjects/*", "--parallel", "0"), "--parallel must be 1 to 500, not 0"),
        (("--each", "subjects/*", "--parallel", "501"), "--parallel must be 1 to 500, not 501"),
        (("--each", "nothing-*"), "matches 'nothing-*'"),
        (("--each", ""), "'' is not a pattern for --each"),
        (("--each-file", "/"), "'/' is not a pattern for --each-file"),
        (("--each", "subjects/*", "--files", "*.xyz"), "some subjects have no files"),
        (
            ("--each", "subjects/*", "-p", "NONE=1"),
            "'Zoë 3' and 2 more: step 'count' has no parameter called 'NONE'",
        ),
        (("--csv", "/nowhere.csv"), "'/nowhere.csv' cannot be read"),
        (("--resume", "x", "--each", "y"), "--resume goes on with a batch"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    scene: Scene, words: tuple[str, ...], message: str
) -> None:
    result = scene(*START, *words, code=2)
    assert message in result.err
    assert not scene.node.batches


def test_faults_of_a_table_are_told_at_once(scene: Scene, tmp_path: Path) -> None:
    file = table(tmp_path, "subject,LEAST\nsub-01,none\nsub-02,-1\nsub-09,3\n")
    words = (*START, "--csv", file, "--files", "subjects/{subject}")
    err = scene(*words, code=2).err
    assert "line 4: no file for 'sub-09' matches 'subjects/sub-09'" in err
    Path(file).write_text("subject,LEAST\nsub-01,none\nsub-02,-1\nZoë 3,3\n", encoding="utf-8")
    err = scene(*words, code=2).err
    assert "line 2, 'sub-01': parameter 'LEAST' of step 'count' must be a number" in err
    assert "line 3, 'sub-02': parameter 'LEAST' of step 'count' must be at least 0" in err
    Path(file).write_text("SUBJECT\nsub-01\n", encoding="utf-8")
    assert "there is no column 'subject'" in scene(*words, code=2).err
    Path(file).write_text("subject\n", encoding="utf-8")
    assert "the batch would have no runs" in scene(*words, code=2).err
    assert not scene.node.batches


def test_files_and_parameters_of_all_subjects_are_told_in_one_message(
    scene: Scene, tmp_path: Path
) -> None:
    file = table(tmp_path, "subject,LEAST,NONE\nsub-01,few,1\nsub-08,-1,\nsub-09,3,\nsub-02,1,\n")
    err = scene(*START, "--csv", file, "--files", "subjects/{subject}", code=2).err
    assert "error: this batch cannot start\n" in err
    for line in (
        "     line 3: no file for 'sub-08' matches 'subjects/sub-08'\n",
        "     line 4: no file for 'sub-09' matches 'subjects/sub-09'\n",
        "     line 2, 'sub-01': parameter 'LEAST' of step 'count' must be a number",
        "     line 2, 'sub-01': step 'count' has no parameter called 'NONE'\n",
        "     line 3, 'sub-08': parameter 'LEAST' of step 'count' must be at least 0",
    ):
        assert line in err
    unknown = scene(*START, "--csv", file, "--files", "{nope}", "-p", "A={nope}", code=2).err
    assert unknown.count("has no column 'nope', which {nope} asks for") == 1
    both = scene(*START, "--each", "none/*", "-p", "NONE=1", code=2).err
    assert "matches 'none/*'" in both
    assert "step 'count' has no parameter called 'NONE'" in both


@pytest.fixture
def asking(scene: Scene) -> Scene:
    """A workflow with a parameter that has no default."""
    steps: list[Any] = copy.deepcopy(VERSION["steps"])  # type: ignore[arg-type]
    steps[1]["parameters"].append({"name": "BAND", "type": "string"})
    scene.node.version = {**VERSION, "name": "own-count", "steps": steps}
    return scene


def test_a_value_that_all_subjects_lack_is_told_once_and_asked_for_on_a_terminal(
    asking: Scene,
) -> None:
    words = (*START, "--each", "subjects/*")
    told = asking(*words, code=2)
    assert told.err.startswith("error: parameter 'BAND' of step 'count' needs a value\n")
    assert "add --param BAND=VALUE" in told.err
    both = asking(*words, "-p", "NONE=1", code=2, terminal=True)
    assert "needs a value" in both.err
    assert "step 'count' has no parameter called 'NONE'" in both.err
    assert not asking.node.batches
    asked = asking(*words, answers="alpha\n", terminal=True)
    assert "BAND: " in asked.err
    (body,) = asking.node.batches.values()
    assert body["parameters"] == {"count": {"BAND": "alpha"}}


def test_a_value_that_some_subjects_lack_is_told_with_their_lines(
    asking: Scene, tmp_path: Path
) -> None:
    file = table(tmp_path, "subject,BAND\nsub-01,alpha\nsub-02,\nZoë 3,\n")
    words = (*START, "--csv", file, "--files", "subjects/{subject}")
    err = asking(*words, code=2, terminal=True).err
    assert "line 4, 'Zoë 3' and 1 more: parameter 'BAND'" in " ".join(err.split())


def test_names_and_the_table_are_told_in_one_message(scene: Scene, tmp_path: Path) -> None:
    file = table(tmp_path, "id\nsub-01\n")
    words = ("run", "start", "--node", "my-node", "-w", "own-count", "-d", "nothing")
    err = scene(*words, "--csv", file, "--name", "Zoë", "--parallel", "0", code=2).err
    assert "error: this batch cannot start\n" in err
    for words_ in (
        "--parallel must be 1 to 500, not 0",
        "'Zoë' is not a valid name for a run",
        "letters from a to z without accents",
        "line 1: there is no column 'subject'; its columns are 'id'",
        "no dataset is called 'nothing'",
    ):
        assert words_ in err
    more = scene(*words, "--each", "subjects/*", "-p", "NONE=1", code=2).err
    assert "step 'count' has no parameter called 'NONE'" in more
    names = ("run", "start", "--node", "nope", "-d", "nothing", "--each", "subjects/*")
    assert "this batch cannot start" in scene(*names, code=2).err


def test_after_a_lost_answer_the_same_command_goes_on_with_the_same_batch(scene: Scene) -> None:
    words = (*START, "--each", "subjects/*")
    scene.lost.append(NodeUnreachable("no answer"))
    scene(*words, code=1)
    again = scene(*words)
    assert list(scene.node.batches) == [scene.batch]
    assert "the same command was not finished before; going on with batch" in again.err
    assert "was sent before; it was not started a second time" in again.out
    scene(*words)
    assert len(scene.node.batches) == 2


def test_a_batch_whose_answer_was_lost_is_gone_on_with_by_name(
    scene: Scene, tmp_path: Path
) -> None:
    values = tmp_path / "values.yml"
    values.write_text("A: 1\n", encoding="utf-8")
    scene.lost.append(NodeUnreachable("no answer"))
    scene(*START, "--each", "subjects/*", "--name", "lost one", code=1)
    resume = ("run", "start", "--resume", "lost one")
    for words in (
        *(("--dry-run",), ("-p", "A=1"), ("--max-cost", "1"), ("-d", DATASET)),
        *(("--params-file", str(values)), ("--undeclared",), ("--include-results",)),
    ):
        assert "and --resume cannot be given together" in scene(*resume, *words, code=2).err
    assert "was sent before" in scene(*resume).out
    assert len(scene.node.batches) == 1


def test_what_the_node_refuses_is_told_with_its_subjects(scene: Scene) -> None:
    scene.node.refusal = (409, {"code": "other-batch", "message": "the name is taken"})
    words = (*START, "--each", "subjects/*", "--name", "taken")
    assert "the name is taken" in scene(*words, code=1).err
    scene.node.refusal = None
    assert "Started batch" in scene(*words).out  # the refused one is not gone on with


def test_a_mail_is_asked_for_once_and_sent_with_the_batch(scene: Scene) -> None:
    words = (*START, "--each", "subjects/*", "--mail-to", "lab@example.org")
    plan = scene(*words, "--dry-run", "--json").document["mail"]
    assert plan == {
        "address": "lab@example.org",
        "status": "none",
        "sent_at": None,
        "reason": None,
    }
    assert scene.node.mails == {}
    first = scene(*words)
    assert "AWS has sent a mail to lab@example.org" in first.err
    assert scene.node.batches[scene.batch]["mail"] == "lab@example.org"
    assert all("mail" not in row for row in scene.node.batches[scene.batch]["runs"])
    scene.node.mails = {"lab@example.org": "confirmed"}
    again = scene(*words)
    assert "AWS has sent" not in again.err
    asked = [(method, path) for method, path, _ in scene.node.asked if path == "/mail"]
    assert asked == [("GET", "/mail"), ("GET", "/mail"), ("POST", "/mail"), ("GET", "/mail")]


@pytest.mark.parametrize("how", [("--each", "subjects/*"), ("--files", "subjects/sub-01")])
def test_an_older_node_that_sends_no_mails_is_named_and_starts_nothing(
    scene: Scene, how: tuple[str, ...]
) -> None:
    scene.node.mails = None
    told = scene(*START, *how, "--mail", code=1)
    assert "compute node 'my-node' is older than this program and sends no mails" in told.err
    assert "pennsieve compute update my-node" in told.err
    assert not scene.node.batches
    assert not scene.node.starts


def test_without_mail_nobody_asks_for_one(scene: Scene) -> None:
    scene.node.mails = None
    scene(*START, "--each", "subjects/*")
    assert "mail" not in scene.node.batches[scene.batch]


def test_all_that_hinders_a_batch_is_told_at_once(scene: Scene) -> None:
    scene.node.hindrances = [{"code": "unfit", "message": "the budget is used up"}]
    words = (*START, "--each", "subjects/*")
    told = scene(*words, "-p", "NONE=1", code=1)
    assert "this batch cannot start" in told.err
    assert "step 'count' has no parameter called 'NONE'" in told.err
    assert "compute node 'my-node': the budget is used up" in told.err
    for more in ((), ("--dry-run",)):
        alone = scene(*words, *more, code=1)
        assert "the budget is used up" in alone.err
        assert "pennsieve compute show" in alone.err
    assert not scene.node.batches
    scene.node.hindrances = []
    assert "going on" not in scene(*words).err  # nothing was written down


def test_what_came_in_the_way_does_not_stop_a_batch_that_was_sent(scene: Scene) -> None:
    words = (*START, "--each", "subjects/*")
    scene.lost.append(NodeUnreachable("no answer"))
    scene(*words, code=1)
    scene.node.hindrances = [{"code": "unfit", "message": "the budget is used up"}]
    assert "was sent before" in scene(*words).out
