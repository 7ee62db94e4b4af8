"""Runs of an own node: documents become the program's types, pages and logs are read whole."""

from __future__ import annotations

from pennsieve_agent.domain.log_follower import MOST_KNOWN
from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.metrics import Period
from pennsieve_agent.domain.run_filter import RunQuery, Someone
from pennsieve_agent.domain.runs import OutputFile, RunLimits, RunStatus, StepState
from pennsieve_agent.services.runs.node_runs import NodeRuns
from tests.fakes.run_node import DATASET, NODE, WORKFLOW, FakeNode, summary

RUN = "33333333-3333-4333-8333-333333333333"
DOCUMENT = summary(
    RUN,
    1_700_000_000,
    phase="done",
    reason="step 'count' ended with 3",
    status="FAILED",
    folder="results/first",
    steps=[
        {
            "id": "count",
            "kind": "processor",
            "status": "FAILED",
            "reason": "the program ended with 3",
            "sourceUrl": "https://github.com/lab/count",
            "tag": "v1.0.0",
            "commit": "c" * 40,
            "digest": "r@sha256:" + "d" * 64,
            "computeType": "standard",
            "cpu": 1024,
            "memory": 2048,
            "started": 1_700_000_010,
            "ended": 1_700_000_020.5,
            "attempts": [
                {"started": 1_700_000_010, "ended": 1_700_000_012, "exitCode": 137, "reason": "x"},
                {
                    "started": 1_700_000_013,
                    "ended": 1_700_000_020,
                    "exitCode": 3,
                    "reason": "",
                    "queuedSeconds": 4,
                    "startupSeconds": 40.5,
                    "runningSeconds": 7,
                    "measured": Measured(5, 1.5, by="task").document(),
                },
            ],
        }
    ],
    parameters={"count": {"STYLE": "fancy"}},
    targets={"output": {"TARGET_FOLDER": "results/first"}},
    limits={"maxCost": 5, "timeoutSeconds": 7200, "spot": True, "retries": 1},
    layers=["atlas"],
    metrics={"executionTimeSec": 65, "totalEstimatedCost": 0.25, "packagesProcessed": 2},
)


def backend(node: FakeNode) -> NodeRuns:
    return NodeRuns(NODE, node, lambda: 1_700_100_000.0)


def test_a_run_document_has_everything_that_is_shown() -> None:
    node = FakeNode()
    node.runs[RUN] = DOCUMENT
    run = backend(node).get(RUN)
    assert (run.uuid, run.status, run.node_name, run.node_uuid) == (
        *(RUN, RunStatus.FAILED),
        *("my-node", NODE.token),
    )
    assert run.started_at == "2023-11-14T22:13:25.000Z"
    assert run.limits == RunLimits(5.0, 7200, spot=True, retries=1)
    assert run.parameters == {"count": {"STYLE": "fancy"}}
    details = run.details
    assert details is not None
    assert details.caller == "arn:aws:iam::123456789012:user/ada"
    assert (details.person_name, details.person_email) == ("Ada", "ada@example.org")
    assert (details.workflow_version, details.layout, details.folder) == (
        *("v1.0.0", "tree", "results/first"),
    )
    assert (details.input_count, details.input_bytes, details.cost) == (2, 30, 0.25)
    assert details.code["count"].commit == "c" * 40
    (step,) = run.states
    assert [(a.exit_code, a.reason) for a in step.attempts] == [(137, "x"), (3, "")]
    older, newer = step.attempts
    assert (older.queued, older.startup, older.running, older.measured) == (None,) * 4
    assert (newer.queued, newer.startup, newer.running) == (4, 40.5, 7)
    assert newer.measured == Measured(5, 1.5, by="task")
    metrics = backend(node).metrics(RUN)
    assert metrics is not None
    assert (metrics.seconds, metrics.cost, metrics.packages) == (65, 0.25, 2)


def test_a_summary_lacks_much_and_is_read_all_the_same() -> None:
    node = FakeNode()
    node.runs[RUN] = {"id": RUN, "created": 1, "status": "SOMETHING_NEW", "node": None}
    run = backend(node).get(RUN)
    assert (run.status, run.label, run.steps) == (RunStatus.UNKNOWN, RUN, ())


def test_lists_are_read_page_by_page_and_filters_go_to_the_node() -> None:
    node = FakeNode()
    node.page = 2
    for number in range(7):
        run_id = f"{number}" * 8
        node.runs[run_id] = summary(run_id, 1_700_000_000 + number)
    runs = backend(node).newest(RunQuery(limit=5))
    assert [run.uuid[0] for run in runs] == ["6", "5", "4", "3", "2"]
    query = RunQuery(
        3,
        status=RunStatus.FAILED,
        workflow=WORKFLOW,
        dataset=DATASET,
        person=Someone("N:user:a", "ada@example.org"),
        since="2026-11-01T00:00:00.000Z",
    )
    assert backend(node).newest(query) == []
    assert node.asked[-1][2] == {
        "status": "FAILED",
        "workflow": WORKFLOW,
        "dataset": DATASET,
        "person": "ada@example.org",
        "since": "2026-11-01T00:00:00.000Z",
        "limit": "3",
    }


def test_logs_of_all_steps_are_one_call_and_old_lines_are_not_read_again() -> None:
    node, start = FakeNode(), 1_700_000_000_000
    node.runs[RUN] = DOCUMENT
    node.page = 4
    lines = [(start + 1000 * i, f"line {i}", ("a", "b")[i % 2]) for i in range(200)]
    node.messages = [{"timestamp": t, "message": f"{m}\n", "step": s} for t, m, s in lines[:150]]
    runs = backend(node)
    assert new(runs, "a", "b") == [m for _, m, _ in lines[:150]]
    node.messages = [{"timestamp": t, "message": m, "step": s} for t, m, s in lines]
    node.asked.clear()
    assert new(runs, "a", "b") == [m for _, m, _ in lines[150:]]
    # The last minute of 150 s and what came since: 61 + 50 lines, four a page.
    assert len(node.asked) == 28


def new(runs: NodeRuns, *steps: str) -> list[str]:
    states = [StepState(step, RunStatus.STARTED) for step in steps]
    return [line.message for page in runs.new_lines(RUN, states) for line in page]


def test_a_line_that_becomes_readable_late_is_not_lost() -> None:
    node, start = FakeNode(), 1_700_000_000_000
    node.runs[RUN] = DOCUMENT
    rows = [{"timestamp": start + 1000 * i, "message": f"m{i}", "step": "a"} for i in range(10)]
    node.messages = [row for row in rows if row["message"] != "m7"]
    runs = backend(node)
    assert len(new(runs, "a")) == 9
    node.messages = rows
    assert new(runs, "a") == ["m7"]


def test_of_many_lines_few_are_read_again() -> None:
    node, start = FakeNode(), 1_700_000_000_000
    node.runs[RUN], node.page = DOCUMENT, 1000
    lines = [(start + i // 10, f"line {i}", ("a", "b")[i % 2]) for i in range(20_000)]
    node.messages = [{"timestamp": t, "message": m, "step": s} for t, m, s in lines[:15_000]]
    runs = backend(node)
    assert new(runs, "a", "b") == [m for _, m, _ in lines[:15_000]]
    node.messages = [{"timestamp": t, "message": m, "step": s} for t, m, s in lines]
    node.asked.clear()
    assert new(runs, "a", "b") == [m for _, m, _ in lines[15_000:]]
    assert len(node.asked) <= 5 + 2 * MOST_KNOWN // 1000 + 1
    assert new(runs, "a", "b") == []


def test_outputs_are_those_of_this_run() -> None:
    node = FakeNode()
    node.runs[RUN] = DOCUMENT
    node.page = 1
    node.files = [
        {"path": "results/first/b.txt", "size": 2, "sha256": "s"},
        {"path": "results/first/a.txt", "size": 1, "package": "N:package:9", "sha256": ""},
    ]
    found = backend(node).outputs(backend(node).get(RUN))
    assert found == [
        OutputFile("results/first/a.txt", 1, "N:package:9"),
        OutputFile("results/first/b.txt", 2, "", "s"),
    ]


def test_totals_are_counted_from_all_runs() -> None:
    node = FakeNode()
    node.page = 2
    for number, status in enumerate(["SUCCEEDED", "SUCCEEDED", "FAILED", "STARTED"]):
        run_id = f"{number}" * 8
        node.runs[run_id] = summary(run_id, 1_700_000_000 + number, status=status)
    found = backend(node).counters(Period.MONTH, "")
    assert (found.total, found.succeeded, found.failed, found.cost) == (4, 2, 1, 1.0)
    assert found.seconds == 240
    assert node.asked[0][2]["since"] == "2023-10-17T02:00:00.000Z"
