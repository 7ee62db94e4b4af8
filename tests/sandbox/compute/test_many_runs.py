"""Lists stay quick and small with very many runs in the store."""

from __future__ import annotations

import tracemalloc

from tests.sandbox.compute.lab import Ready

RUNS = "/compute/workflows/runs"
MANY = 10_000
_COPY = (
    "INSERT INTO workflow_runs (uuid, name, status, workflow_uuid, workflow_name, node_uuid,"
    " dataset_id, organization_id, org_int_id, created_by, user_int_id, email, created_at,"
    " started_at, completed_at, dag, request)"
    " SELECT :uuid, name, :status, workflow_uuid, workflow_name, node_uuid, dataset_id,"
    " organization_id, org_int_id, created_by, user_int_id, email, created_at, started_at,"
    " completed_at, 'no JSON', 'no JSON' FROM workflow_runs WHERE uuid = :of"
)


def test_ten_thousand_runs(ready: Ready) -> None:
    lab = ready.lab
    first = ready.start()
    lab.wait(first)
    rows = [
        {"uuid": f"run-{n}", "status": "FAILED" if n % 1000 == 0 else "SUCCEEDED", "of": first}
        for n in range(MANY)
    ]
    lab.world.store.execute_many(_COPY, rows)
    query = {"organization_id": lab.organization}
    tracemalloc.start()
    seen, cursor = 0, ""
    while True:
        page = lab.client().get(RUNS, params={**query, "cursor": cursor, "limit": "500"}).json()
        seen, cursor = seen + len(page["runs"]), page["nextCursor"]
        if not cursor:
            break
    failed = lab.client().get(RUNS, params={**query, "status": "FAILED"}).json()
    counters = lab.client().get("/compute/workflows/metrics/counters", params=query).json()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Graphs and requests were never looked at: they are no JSON.
    assert seen == MANY + 1
    assert len(failed["runs"]) == 10
    assert counters["allTime"]["totalRuns"] == MANY + 1
    assert peak < 10_000_000  # bytes: a page, never all of them


def test_filters_use_an_index(ready: Ready) -> None:
    for column in ("status", "workflow_uuid"):
        plan = ready.lab.world.store.rows(
            "EXPLAIN QUERY PLAN SELECT uuid FROM workflow_runs WHERE organization_id = ?"  # noqa: S608 - our own words
            f" AND {column} = ? AND seq < ? ORDER BY seq DESC LIMIT 10",
            ("o", "x", 9),
        )
        (step,) = [row["detail"] for row in plan]
        assert "SEARCH" in step
        assert f"{column}=?" in step
