"""Batches as typed, on an own node that answers as protocol 1 says."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.cli.run.batch_download import folders_of
from pennsieve_agent.cli.run.batch_watch import SeenBatch
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from pennsieve_agent.domain.batches import Batch, BatchRow, run_id
from pennsieve_agent.domain.local_names import FileSystem
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, Invalid, NodeUnreachable, NotFound
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import DATASET, Lab, made
from tests.cli.harness import Agent, Result
from tests.fakes.batch_node import BatchNode
from tests.fakes.run_node import NODE, VERSION, summary
from tests.prepared import Prepared
from tests.services.test_run_webhook import Receiver

START = ("run", "start", "-d", DATASET, "--node", "my-node", "-w", "own-count")
SUBJECTS = ("sub-01", "sub-02", "Zoë 3")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab with a folder for each of three subjects."""
    root = tmp_path_factory.mktemp("batches")
    for subject in SUBJECTS:
        for name in ("eeg/a.txt", "notes.md"):
            path = root / "sandbox" / "datasets" / DATASET / "subjects" / subject / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{subject} {name}\n")
    lab = made(root, prepared)
    yield lab
    lab.box.stop()


@dataclass
class Scene:
    """A machine that knows one own node. ``lost`` answers are taken, and do not arrive."""

    agent: Agent
    node: BatchNode
    lost: list[AgentError] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        answer = self.node.ask(method, path, query, body, admin=admin)
        if self.lost and path == "/batches" and method == "POST":
            raise self.lost.pop()
        return answer

    def calls(self, node: OwnNode) -> Scene | None:
        return self if node.token == NODE.token else None

    def __call__(self, *words: str, code: int = 0, **more: Any) -> Result:
        result = self.agent(*words, **more)
        assert result.code == code, result.err
        return result

    @property
    def batch(self) -> str:
        """The id of the latest batch."""
        return list(self.node.batches)[-1]


@pytest.fixture
def scene(lab: Lab, agent: Agent) -> Iterator[Scene]:
    del lab
    node = BatchNode()
    rows = agent("dataset", "list", "--json").document
    node.access = {next(r["id"] for r in rows if r["name"] == DATASET): "read-write"}
    node.version = {**VERSION, "name": "own-count"}
    config = Path(agent.environ["PENNSIEVE_CONFIG"])
    OwnNodes.beside(config).put("sandbox", NODE)
    scene = Scene(agent, node)
    agent.nodes = scene.calls
    yield scene
    OwnNodes.beside(config).remove("sandbox", NODE.token)
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()


@pytest.fixture
def started(scene: Scene) -> Scene:
    scene(*START, "--each", "subjects/*", "--name", "first batch")
    return scene


def table(tmp_path: Path, text: str) -> str:
    path = tmp_path / "subjects.csv"
    path.write_text(text, encoding="utf-8-sig")
    return str(path)


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


def test_the_table_has_a_row_for_each_subject_and_why_it_failed(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    shown = started("run", "show", "first batch")
    assert "status\tfailed: 2 succeeded, 1 failed" in shown.out
    assert "estimated cost\t0.06 USD" in shown.out
    rows = shown.out.split("\n\n")[1].splitlines()
    assert rows[0] == "SUBJECT\tSTATUS\tINPUT\tCOUNT\tTOOK\tCOST\tWHY"
    assert rows[3] == (
        "sub-02\tfailed\tdone\tfailed\t1 min 5 s\t0.02 USD\tstep 'count' failed: exit code 3"
    )
    failed = started("run", "show", "first batch", "--failed", "--json").document
    assert [row["subject"] for row in failed["rows"]] == ["sub-02"]
    assert failed["counts"]["succeeded"] == 2


@pytest.mark.parametrize("width", [80, 40])
def test_the_table_fits_a_terminal(started: Scene, width: int) -> None:
    started.node.end(started.batch, "sub-02")
    out = started("run", "show", "first batch", terminal=True, width=width).out
    lines = [line for line in out.splitlines() if started.batch not in line]  # never cut
    assert all(len(line) <= width for line in lines), out
    for subject in SUBJECTS:
        assert subject in out
    assert "exit code 3" in " ".join(out.split())


def test_the_table_as_csv_is_read_by_any_reader(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    rows = list(csv.DictReader(io.StringIO(started("run", "show", "first batch", "--csv").out)))
    assert {row["subject"] for row in rows} == set(SUBJECTS)
    assert (rows[2]["subject"], rows[2]["status"]) == ("sub-02", "failed")
    assert (rows[2]["count"], rows[2]["seconds"]) == ("failed", "65.0")


def test_a_step_that_never_began_is_skipped_in_every_view(started: Scene) -> None:
    states = {"input": ["FAILED", "no such file"], "count": ["NOT_STARTED", ""]}
    started.node.set(started.batch, "sub-02", "FAILED", steps=states)
    started.node.set(started.batch, "sub-01", "STARTED", steps=states)
    rows = started("run", "show", "first batch", "--json").document["rows"]
    known = {row["subject"]: row["steps"]["count"]["status"] for row in rows if row["steps"]}
    assert known == {"sub-01": "pending", "sub-02": "skipped"}
    text = started("run", "show", "first batch").out
    assert "sub-02\tfailed\tfailed\tskipped" in text
    assert "sub-01\trunning\tfailed\twaiting" in text
    table_ = started("run", "show", "first batch", "--csv").out
    assert ",failed,skipped," in table_


def test_a_batch_is_meant_by_name_id_and_prefix_and_its_runs_by_theirs(started: Scene) -> None:
    started.node.end(started.batch)
    config = Path(started.agent.environ["PENNSIEVE_CONFIG"])
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()  # another machine
    for reference in ("first batch", "first b", started.batch, started.batch[:13]):
        shown = started("run", "show", reference, "--status", "--json").document
        assert (shown["id"], shown["status"]) == (started.batch, "succeeded")
    run = started("run", "show", "first batch/sub-01", "--json").document
    assert run["id"] == run_id(started.batch, "sub-01")


def test_a_batch_of_one_is_not_taken_for_its_run(scene: Scene) -> None:
    scene(*START, "--each", "subjects/sub-01", "--name", "alone")
    scene.node.end(scene.batch)
    config = Path(scene.agent.environ["PENNSIEVE_CONFIG"])
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()
    for reference in ("alone", "alon"):
        assert scene("run", "show", reference, "--status", "--json").document["id"] == scene.batch


def test_batches_and_runs_of_one_are_listed(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    (row,) = started("run", "list", "--batches", "--json").document
    assert (row["name"], row["counts"]["failed"], row["node"]) == ("first batch", 1, "my-node")
    assert "2 succeeded, 1 failed" in started("run", "list", "--batches").out
    runs = started("run", "list", "--batch", "first batch", "--json").document
    assert {run["name"] for run in runs} == {f"first batch/{name}" for name in SUBJECTS}
    only = started("run", "list", "--batch", "first batch", "--status", "failed", "--json")
    assert [run["name"] for run in only.document] == ["first batch/sub-02"]
    started("run", "list", "--batches", "--mine", code=2)


def test_wait_ends_as_the_whole_does(started: Scene) -> None:
    started.agent.quick = True
    assert "3 of 3 to go" in started("run", "wait", "first batch", "--timeout", "0", code=8).err
    started.node.end(started.batch)
    assert "3 succeeded" in started("run", "wait", "first batch").err
    started.node.end(started.batch, "sub-02")
    failed = started("run", "wait", "first batch", code=3)
    assert "batch 'first batch': 2 succeeded, 1 failed" in failed.err
    document = started("run", "wait", "first batch", "--json", code=3).document
    assert document["counts"]["failed"] == 1


def test_runs_and_batches_are_waited_for_together(started: Scene, tmp_path: Path) -> None:
    started.agent.quick = True
    first = started.batch
    started(*START, "--each", "subjects/*", "--name", "second")
    started.node.runs["one"] = summary("one", 1_700_000_000, name="night", status="SUCCEEDED")
    started.node.end(first)
    names = ("night", "first batch", "second", "first batch")
    open_one = started("run", "wait", *names, "--timeout", "0", code=8)
    assert "one has not ended: second" in open_one.err
    assert "pennsieve run wait second\n" in open_one.err
    started.node.end(started.batch, "sub-02")
    file = tmp_path / "told"
    told = f'echo "$PENNSIEVE_RUN $PENNSIEVE_STATE" >> "{file}"'
    waited = started("run", "wait", *names, "--then", told, code=3)
    assert "batch 'first batch': 3 succeeded" in waited.err
    assert "batch 'second': 2 succeeded, 1 failed" in waited.err
    assert "1 of 3 did not succeed" in waited.err
    assert "pennsieve run show second" in waited.err
    ends = ["one succeeded", f"{first} succeeded", f"{started.batch} failed"]
    assert file.read_text().splitlines() == ends
    documents = started("run", "wait", *names, "--json", code=3).document
    assert [one["id"] for one in documents] == ["one", first, started.batch]
    assert not list(faults("list of run or batch", documents, DOCUMENTS))
    assert documents[2]["counts"]["failed"] == 1


def test_watch_tells_each_change_and_ends_as_the_whole_does(started: Scene) -> None:
    started.agent.quick = True
    started.node.set(started.batch, "sub-01", "STARTED", started="2026-11-29T10:00:00Z")
    looks, ask = [], started.ask

    def until_the_second(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        looks.append(path)
        if len(looks) > 2:
            started.node.end(started.batch, "sub-02")
        return ask(method, path, *rest, **more)

    started.ask = until_the_second  # type: ignore[method-assign]
    watched = started("run", "watch", "first batch", code=3)
    assert watched.out.splitlines() == ["2 waiting, 1 running", "2 succeeded, 1 failed"]
    assert "2 succeeded, 1 failed" in watched.err


def test_a_start_is_watched_to_the_end(scene: Scene) -> None:
    scene.agent.quick = True
    ask = scene.ask

    def ends(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if method == "GET" and path == f"/batches/{next(iter(scene.node.batches), '')}":
            scene.node.end(scene.batch)
        return answer

    scene.ask = ends  # type: ignore[method-assign]
    watched = scene(*START, "--each", "subjects/*", "--watch")
    assert watched.out.splitlines()[-1] == "3 succeeded"
    assert "--follow and --watch" in scene(*START, "--each", "x", "-f", "--watch", code=2).err


@pytest.mark.parametrize("width", [80, 40])
def test_the_view_names_failures_and_the_slowest(started: Scene, width: int) -> None:
    started.node.end(started.batch, "sub-02")
    started.node.set(started.batch, "sub-01", "STARTED", ended="")
    batch = Batch.of(started.ask("GET", f"/batches/{started.batch}"))
    rows = started.ask("GET", f"/batches/{started.batch}/rows")["rows"]
    known = {row["subject"]: BatchRow.of(row) for row in rows}
    seen = SeenBatch(batch, [known["sub-02"]], [known["sub-01"]])
    lines = [line.text for line in seen.picture(1_796_000_000.0, width)]
    assert all(len(line) <= width for line in lines)
    assert "1 running, 1 succeeded, 1 failed" in lines
    assert any(line.startswith("✗ sub-02  step") for line in lines)
    assert any(line.startswith("● sub-01  ") for line in lines)


@pytest.mark.parametrize("width", [80, 40])
def test_the_last_view_of_a_batch_stays_as_text(started: Scene, width: int) -> None:
    started.agent.quick = True
    started.node.end(started.batch, "sub-02")
    seen = started("run", "watch", "first batch", code=3, terminal=True, width=width)
    _, _, after = seen.out.rpartition("\x1b[?1049l")  # the terminal's first screen is back
    lines = after.splitlines()
    assert any(line.startswith("2 succeeded, 1 failed") for line in lines)
    assert any("✗" in line and "sub-02" in line for line in lines)
    assert "Ctrl+C" not in after
    assert "\x1b]2;first batch failed\x1b\\\a" in after
    as_json = started("run", "watch", "first batch", "--json", code=3, terminal=True)
    assert as_json.document["counts"]["failed"] == 1


@pytest.mark.parametrize("words", [("watch",), ("logs", "--follow"), ("wait",)])
def test_a_node_that_is_gone_for_a_while_ends_no_view(
    started: Scene, words: tuple[str, ...]
) -> None:
    started.agent.quick = True
    started.node.set(started.batch, "sub-01", "STARTED", started="2026-11-29T10:00:00Z")
    asked, ask = list[str](), started.ask

    def gone_in_the_middle(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        asked.append(path)
        ours = asked.count(path)
        if path.startswith(f"/batches/{started.batch}") and ours in {3, 4, 6}:
            raise NodeUnreachable("the node does not answer")
        if ours > 6:
            started.node.end(started.batch)
        return ask(method, path, *rest, **more)

    started.ask = gone_in_the_middle  # type: ignore[method-assign]
    command, *options = words
    seen = started("run", command, "first batch", *options, terminal=command == "watch")
    assert "3 succeeded" in seen.out + seen.err
    assert max(asked.count(path) for path in asked if path.endswith(started.batch)) > 6
    if command != "wait":
        assert asked.count(f"/batches/{started.batch}/rows") > 4  # rows were asked for again, too


def test_the_view_says_for_how_long_there_is_no_answer(started: Scene) -> None:
    batch = started.node.batches[started.batch]
    seen = SeenBatch(Batch.of(started.ask("GET", f"/batches/{batch['id']}")))
    seen.outage(12.0, "the node does not answer")
    lines = [line.text for line in seen.picture(1_796_000_000.0, 80)]
    assert "no answer for 12 s, waiting (the node does not answer)" in lines
    seen.outage(None, "")
    assert not any("no answer" in line.text for line in seen.picture(1_796_000_000.0, 80))


def test_what_is_suggested_for_a_cancelled_batch_leads_somewhere(
    started: Scene, tmp_path: Path
) -> None:
    for subject in SUBJECTS:
        started.node.set(started.batch, subject, "CANCELED")
    waited = started("run", "wait", "first batch", code=3)
    assert "see it: pennsieve run show 'first batch'\n" in waited.err
    nothing = started("run", "download", "first batch", "--to", str(tmp_path), code=2)
    assert "see it: pennsieve run show 'first batch'\n" in nothing.err
    shown = started("run", "show", "first batch")
    assert "start them again: pennsieve run retry 'first batch'" in shown.err
    assert "--failed" not in shown.err


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


def test_lines_begin_with_their_subject(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    started.node.messages = [{"timestamp": 1_700_000_000_000, "message": "hello", "step": "count"}]
    lines = started("run", "logs", "first batch").out.splitlines()
    assert len(lines) == 3
    assert any(line.startswith("Zoë 3  ") and line.endswith("hello") for line in lines)
    (line,) = started("run", "logs", "first batch", "--failed").out.splitlines()
    assert line.startswith("sub-02")
    (line,) = started("run", "logs", "first batch", "--subject", "sub-*1").out.splitlines()
    assert line.startswith("sub-01")
    messages = started("run", "logs", "first batch", "--json").document["messages"]
    assert {one["subject"] for one in messages} == set(SUBJECTS)
    missing = started("run", "logs", "first batch", "--subject", "nobody", code=2)
    assert "has no subject 'nobody'" in missing.err


def test_following_shows_the_lines_of_active_runs_to_the_end(started: Scene) -> None:
    started.agent.quick = True
    started.node.messages = [{"timestamp": 1_700_000_000_000, "message": "hello", "step": "count"}]
    started.node.set(started.batch, "sub-01", "STARTED")
    node, ask = started.node, started.ask
    looked = []

    def until_the_second(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if path.endswith("/logs"):
            looked.append(path)
            node.end(started.batch)
        return ask(method, path, *rest, **more)

    started.ask = until_the_second  # type: ignore[method-assign]
    out = started("run", "logs", "first batch", "--follow").out
    assert sorted(line.partition("|")[0].strip() for line in out.splitlines()) == sorted(SUBJECTS)
    assert looked


def test_following_a_batch_that_is_over_shows_what_it_printed(started: Scene) -> None:
    started.agent.quick = True
    started.node.end(started.batch, "sub-02")
    started.node.messages = [
        {"timestamp": 1_700_000_000_000, "message": f"hello {n}", "step": "count"} for n in range(3)
    ]
    follow = ("run", "logs", "first batch", "--follow")
    said = started(*follow, "--tail", "1", code=3)
    assert [line.rpartition("| ")[2] for line in said.out.splitlines()] == ["hello 2"] * 3
    assert "2 succeeded, 1 failed" in said.err
    lines = [json.loads(line) for line in started(*follow, "--json", code=3).out.splitlines()]
    assert [one.get("subject") for one in lines[:-1]] == [
        s for s in sorted(SUBJECTS) for _ in range(3)
    ]
    assert lines[-1]["error"]["code"] == "run_failed"
    none = started(*follow, "--grep", "nothing", code=3)
    assert (none.out, "no such line of batch 'first batch'" in none.err) == ("", True)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("--tail", "2"), [8, 9]),
        (("--grep", "line [37]$"), [3, 7]),
        (("--grep", "[37]$", "--tail", "1"), [7]),
        (("--since", "2096-10-02T07:06:44"), [8, 9]),
        (("--until", "2096-10-02T07:06:41Z", "--step", "count"), [0, 1]),
        (("--attempt", "1", "--tail", "1"), [9]),
        (("--attempt", "2"), []),
    ],
)
def test_lines_are_chosen_for_each_subject(
    started: Scene, words: tuple[str, ...], lines: list[int]
) -> None:
    started.node.end(started.batch)
    begun = 4_000_000_000_000
    started.node.messages = [
        {"timestamp": begun + n * 500, "message": f"line {n}", "step": "count"} for n in range(10)
    ]
    chosen = started("run", "logs", "first batch", "--failed", "--json", *words).document
    assert chosen["messages"] == []
    told = started("run", "logs", "first batch", "--json", *words).document["messages"]
    of = {name: [int(m["message"][5:]) for m in told if m["subject"] == name] for name in SUBJECTS}
    assert of == dict.fromkeys(SUBJECTS, lines)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--tail", "0"), "--tail must be at least 1, not 0"),
        (("--until", "10m", "--follow"), "--follow goes on until the end"),
        (("--step", "none"), "the batch has no step 'none'"),
        (("--attempt", "0"), "there is no attempt 0"),
    ],
)
def test_what_chooses_no_lines_of_a_batch_is_said(
    started: Scene, words: tuple[str, ...], line: str
) -> None:
    assert f"error: {line}" in started("run", "logs", "first batch", *words, code=2).err


def test_the_end_of_a_batch_is_told(started: Scene, tmp_path: Path) -> None:
    started.node.end(started.batch, "sub-02")
    file = tmp_path / "then"
    command = f'echo "$PENNSIEVE_RUN $PENNSIEVE_STATE" >> "{file}"; exit 7'
    with Receiver(204, 204).open() as receiver:
        for word in ("wait", "watch"):
            end = started(
                *("run", word, "first batch", "--webhook", receiver.url, "--then", command), code=3
            )
            assert "note: the --then command ended with exit code 7" in end.err
        bodies = [json.loads(body) for body in receiver.bodies]
    assert file.read_text() == f"{started.batch} failed\n" * 2
    assert [list(faults("batch_ended", body, DOCUMENTS)) for body in bodies] == [[], []]
    assert (bodies[0]["event"], bodies[0]["id"]) == ("batch_ended", started.batch)
    assert bodies[0]["counts"]["failed"] == 1
    assert "Zoë" not in str(bodies)


def test_a_batch_that_is_started_tells_its_end_where_it_is_waited_for(
    scene: Scene, tmp_path: Path
) -> None:
    scene.agent.quick = True
    file = tmp_path / "then"
    words = (*START, "--each", "subjects/*", "--then", f"touch '{file}'")
    assert "add --wait" in scene(*words, code=2).err
    assert not scene.node.batches
    ask = scene.ask

    def ends_at_once(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if (method, path) == ("POST", "/batches"):
            scene.node.end(scene.batch)
        return answer

    scene.ask = ends_at_once  # type: ignore[method-assign]
    scene(*words, "--wait")
    assert file.exists()


def test_options_of_a_run_are_refused_for_a_batch_and_the_other_way(started: Scene) -> None:
    started.node.end(started.batch)
    assert "is a batch" in started("run", "show", "first batch", "--outputs", code=2).err
    assert "is a batch" in started("run", "logs", "first batch", "--archive", "x", code=2).err
    run = "first batch/sub-01"
    assert "is for a batch" in started("run", "show", run, "--failed", code=2).err
    assert "is for a batch" in started("run", "logs", run, "--failed", code=2).err


def test_a_node_that_is_gone_is_named_and_nothing_is_lost(started: Scene) -> None:
    ask = started.ask

    def unreachable(*words: Any, **more: Any) -> Mapping[str, Any]:
        del words, more
        raise NodeUnreachable("compute node 'my-node' is gone")

    started.ask = unreachable  # type: ignore[method-assign]
    assert "is gone" in started("run", "show", "first batch", code=1).err
    assert "is gone" in started("run", "cancel", "first batch", code=1).err
    started.ask = ask  # type: ignore[method-assign]
    assert "3 waiting" in started("run", "show", "first batch").out


def test_a_journal_is_private(started: Scene) -> None:
    folder = Path(started.agent.environ["PENNSIEVE_CONFIG"]).parent / "batch-starts"
    (file,) = folder.glob("*.json")
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(file.read_text().split("\n")[1])["name"] == "first batch"


def test_the_estimate_of_a_batch_adds_up_its_runs(scene: Scene) -> None:
    for number in range(4):
        id_ = f"aaaaaaa{number}-0000-4000-8000-000000000000"
        scene.node.runs[id_] = summary(id_, 1_700_000_000 + number)
    plan = scene.agent(*START, "--each", "subjects/*", "--dry-run")
    assert "estimated\tfrom 4 runs of v1.0.0" in plan.out
    refused = scene.agent(*START, "--each", "subjects/*", "--max-cost", "0.01")
    assert refused.code == 2
    assert "its limit of 0.01 USD would end it" in refused.err
    assert "(and 2 more runs likewise)" in refused.err
    scene.node.budget_left = 0.2
    refused = scene.agent(*START, "--each", "subjects/*")
    assert refused.code == 2
    assert "the batch is expected to cost" in refused.err
    scene.node.budget_left = 0.8
    started = scene.agent(*START, "--each", "subjects/*")
    assert started.code == 0, started.err
    assert "the batch may be ended by this month's budget" in started.err
    (body,) = scene.node.batches.values()
    assert len(body["estimates"]) == len(body["runs"]) == 3
    assert body["estimate"]["expectedUsd"] > 0.75


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


COMING = ("run", "download", "first batch", "--as-they-come", "--to")


@pytest.fixture
def coming(started: Scene) -> Scene:
    """Runs that each deliver a file, and end one at each look."""
    started.agent.quick = True
    files = started.agent("dataset", "files", DATASET, "--json").document
    row = next(file for file in files if file["path"] == "subjects/sub-01/eeg/a.txt")
    started.node.files = [
        {"path": row["path"], "size": row["size"], "package": row["package_id"], "sha256": ""}
    ]
    return started


def on_looks(scene: Scene, *acts: Any) -> None:
    """Let something happen at each look at the batch, one after another."""
    ask, left = scene.ask, list(acts)

    def look(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if (method, path) == ("GET", f"/batches/{scene.batch}") and left:
            left.pop(0)()
        return ask(method, path, *rest, **more)

    scene.ask = look  # type: ignore[method-assign]


def ends(scene: Scene, subject: str, status: str = "SUCCEEDED") -> Any:
    return lambda: scene.node.set(scene.batch, subject, status)


def gone() -> None:
    raise NodeUnreachable("no answer")


def stop() -> None:
    raise KeyboardInterrupt


def test_results_are_fetched_as_each_run_succeeds(coming: Scene, tmp_path: Path) -> None:
    first = tmp_path / "sub-01" / "subjects" / "sub-01" / "eeg" / "a.txt"

    def second() -> None:
        assert first.exists()  # before the others have ended
        coming.node.set(coming.batch, "sub-02", "FAILED")

    on_looks(coming, ends(coming, "sub-01"), lambda: None, second, gone, ends(coming, "Zoë 3"))
    done = coming(*COMING, str(tmp_path), code=3)
    assert "Downloaded 2 files of 2 subjects" in done.out
    assert "sub-01 succeeded (1 of 3)" in done.err
    assert "Zoë 3 succeeded (2 of 3)" in done.err
    assert "batch 'first batch': 2 succeeded, 1 failed" in done.err
    assert first.read_text() == "sub-01 eeg/a.txt\n"
    assert not (tmp_path / "sub-02").exists()
    again = coming(*COMING, str(tmp_path), "--json", code=3).document
    assert (again["downloaded"], len(again["skipped"])) == ([], 2)


def test_the_folder_of_a_subject_has_a_name_that_the_file_system_takes(
    coming: Scene, tmp_path: Path
) -> None:
    subjects = ("CON", "a:b", "dot.", "sub", "sub/ses-1", "日" * 80)
    kept = folders_of(tmp_path, subjects)
    assert set(kept.values()) == {tmp_path / name for name in subjects}  # as this system does
    # Mounted here as a share of another system, as AWS and offices have them.
    refused = FileSystem(frozenset({"CON", "a:b", "dot."}), folds_case=True)
    there = folders_of(tmp_path, subjects, lambda *_: refused)
    assert {name: str(path.relative_to(tmp_path)) for name, path in there.items()} == {
        **{name: name for name in subjects},
        "CON": "_CON",
        "a:b": "a_b",
        "dot.": "dot",
    }
    coming.node.end(coming.batch)
    done = coming("run", "download", "first batch", "--to", str(tmp_path / "new"))
    assert "3 files of 3 subjects" in done.out
    assert {path.name for path in (tmp_path / "new").iterdir() if path.is_dir()} == set(SUBJECTS)


def test_nothing_that_came_is_lost_by_an_interruption(coming: Scene, tmp_path: Path) -> None:
    on_looks(coming, ends(coming, "sub-01"), lambda: None, stop)
    cut = coming(*COMING, str(tmp_path), code=130)
    assert "interrupted: stopped; what was downloaded is kept, and the batch goes on" in cut.err
    assert "go on with: the same command" in cut.err
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["sub-01"]
    coming.node.end(coming.batch)
    whole = coming(*COMING, str(tmp_path), "--json").document
    assert (len(whole["downloaded"]), len(whole["skipped"])) == (2, 1)


def test_a_result_that_was_changed_here_is_kept_and_what_to_type_is_said(
    coming: Scene, tmp_path: Path
) -> None:
    words = ("run", "download", "first batch", "--to", str(tmp_path))
    coming.node.end(coming.batch)
    coming(*words)
    mine = tmp_path / "sub-01" / "subjects" / "sub-01" / "eeg" / "a.txt"
    mine.write_text("mine")
    told = coming(*words, code=1)
    assert "not downloaded: sub-01: " in told.err
    assert told.err.count("--overwrite") == 1
    assert mine.read_text() == "mine"
    coming(*words, "--overwrite")
    assert mine.read_text() == "sub-01 eeg/a.txt\n"


def test_results_that_are_gone_do_not_hinder_the_others(coming: Scene, tmp_path: Path) -> None:
    coming.node.files = [{"path": "x", "size": 1, "package": "N:package:none", "sha256": ""}]
    coming.node.end(coming.batch)
    lost = coming(*COMING, str(tmp_path), "--json", code=1).document
    assert {row["path"] for row in lost["failed"]} == set(SUBJECTS)


def test_a_run_is_waited_for_and_fetched(coming: Scene, tmp_path: Path) -> None:
    words = ("run", "download", "first batch/sub-02", "--as-they-come", "--to", str(tmp_path))
    coming.node.set(coming.batch, "sub-02", "STARTED")
    ask = coming.ask

    def fail(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if path == f"/runs/{run_id(coming.batch, 'sub-02')}":
            coming.node.set(coming.batch, "sub-02", "FAILED")
        return answer

    coming.ask = fail  # type: ignore[method-assign]
    done = coming(*words, code=3)
    assert "Downloaded 1 file" in done.out
    assert "run 'first batch/sub-02' failed in step 'count'" in done.err


def test_of_a_batch_half_done_the_runs_that_succeeded_are_compared(started: Scene) -> None:
    batch = started.batch
    for subject, status, cost in (("sub-01", "SUCCEEDED", 0.02), ("sub-02", "STARTED", None)):
        started.node.set(batch, subject, status, cost=cost)
    shown = started("run", "cost", "first batch").out
    for words in (
        "estimated cost\t0.02 USD\n",
        "  machines\t0.02 USD",
        "  of 1 run that succeeded\t0.02 USD, ",
        "  estimated\tno runs yet: from the declared resources",
        "count\t0.02 USD",
    ):
        assert words in shown, shown
    document = started("run", "cost", "first batch", "--json").document
    assert (document["runs_counted"], document["runs_compared"]) == (1, 1)
    assert document["estimate_of_compared"]["high_usd"] < document["estimate"]["high_usd"]
    started.node.end(batch, "sub-02")
    failed = started("run", "cost", "first batch", "--json").document
    assert (failed["runs_counted"], failed["runs_compared"]) == (3, 2)
    assert failed["estimated_usd_by_part"] == {"machines": pytest.approx(0.06)}


def test_a_batch_is_advised_by_its_runs_that_have_ended(started: Scene) -> None:
    early = started("run", "cost", "first batch", "--advise", code=2)
    assert "no run of batch 'first batch' has ended yet" in early.err
    started.node.end(started.batch)
    shown = started("run", "cost", "first batch", "--advise").out
    assert "Measured in 3 runs" in shown
    assert "4 CPU, 8192 MB\t0.5 CPU, 2048 MB" in shown
