"""An own node that answers batches as protocol 1 says, with runs whose states a test sets."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.batches import BatchCounts, RowStatus, run_id, run_name
from tests.fakes.run_node import FakeNode, summary

STEPS = [{"id": "input", "name": "input"}, {"id": "count", "name": "count"}]
FINAL = ("SUCCEEDED", "FAILED", "CANCELED", "SKIPPED")


class BatchNode(FakeNode):
    """Batches by id. ``older`` answers as a node that knows none."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.looks = 0

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        parts = path.strip("/").split("/")
        if parts[0] != "batches":
            return super().answer(method, path, query, body)
        self.asked.append((method, path, query))
        if len(parts) == 1:
            return self._begin(body) if method == "POST" else (200, self._listed(query))
        if parts[1] not in self.batches:
            return 404, {"code": "no-batch", "message": "the node has no such batch"}
        return self._of_batch(method, parts[1], parts[2:], query)

    def set(self, batch: str, subject: str, status: str, **more: Any) -> None:
        """Let the run of a subject be in a state."""
        row = next(row for row in self.rows[batch] if row["subject"] == subject)
        row.update(status=status, **more)
        if status not in {"WAITING", "SKIPPED"}:
            row["run"] = run_id(batch, subject)
            self._run(batch, row)

    def end(self, batch: str, *failed: str) -> None:
        """Let all runs succeed, but for those of these subjects."""
        for row in self.rows[batch]:
            bad = row["subject"] in failed
            state = "FAILED" if bad else "SUCCEEDED"
            why = "exit code 3" if bad else ""
            self.set(
                batch,
                row["subject"],
                state,
                steps={"input": ["SUCCEEDED", ""], "count": [state, why]},
                started="2026-11-29T10:00:00Z",
                ended="2026-11-29T10:01:05Z",
                cost=0.02,
                reason=f"step 'count' failed: {why}" if bad else "",
            )

    def _run(self, batch: str, row: dict[str, Any]) -> None:
        body = self.batches[batch]
        name = run_name(body["name"], row["subject"])
        of = {"id": batch, "name": body["name"], "subject": row["subject"], "attempt": 1}
        status = row["status"]
        step = {"id": "count", "kind": "processor", "status": status}
        more = {"name": name, "status": status, "batch": of, "steps": [step]}
        more["dataset"] = body["dataset"]
        if row["cost"] is not None:
            used = {"peakMemoryBytes": 900 * 1024**2, "cpuSeconds": 30.0, "by": "cgroup"}
            attempt = {"started": "", "ended": "", "runningSeconds": 60.0, "measured": used}
            step |= {"cpu": 4096, "memory": 8192, "attempts": [attempt]}
            costs = {"machines": row["cost"], "logs": 0.0}
            more |= {"costs": costs, "stepCosts": {"count": row["cost"]}, "cost": row["cost"]}
            more["estimate"] = body["estimates"][row["index"]]
        else:
            more["cost"] = None
        self.runs[row["run"]] = summary(row["run"], 1_700_000_000 + row["index"], **more)

    def _begin(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.refusal:
            return self.refusal
        if body["id"] in self.batches:
            if self.batches[body["id"]] != body:
                return 409, {"code": "other-batch", "message": "this id is another batch's"}
            return 202, {"batch": body["id"], "created": False, "runs": len(body["runs"])}
        self.batches[body["id"]] = body
        self.rows[body["id"]] = [
            {
                "index": i,
                "subject": run["subject"],
                "run": "",
                "attempt": 1,
                "status": "WAITING",
                "reason": "",
                "steps": {},
                "cost": None,
                **dict.fromkeys(("created", "started", "ended"), ""),
            }
            for i, run in enumerate(body["runs"])
        ]
        return 202, {"batch": body["id"], "created": True, "runs": len(body["runs"])}

    def _listed(self, query: dict[str, str]) -> dict[str, Any]:
        found = [self._summary(batch) for batch in reversed(self.batches)]
        if dataset := query.get("dataset"):
            found = [row for row in found if row["dataset"] == dataset]
        return self._page("batches", found, query)

    def _summary(self, batch: str) -> dict[str, Any]:
        body, rows = self.batches[batch], self.rows[batch]
        counts = BatchCounts.of_rows(RowStatus.of(row["status"]) for row in rows)
        costs = [row["cost"] for row in rows if row["cost"] is not None]
        return {
            "id": batch,
            "name": body["name"],
            "workflow": {"id": body["workflow"], "name": "own-count", "version": "v1.0.0"},
            "dataset": body["dataset"],
            "created": "2026-11-29T09:59:00Z",
            "ended": "2026-11-29T10:02:00Z" if counts.is_over else "",
            "status": counts.status(cancel=bool(body.get("cancel"))).value,
            "parallel": body["parallel"],
            "steps": STEPS,
            "counts": counts.document(),
            "cost": sum(costs) if costs else None,
            "estimate": body.get("estimate"),
            "caller": "arn:aws:iam::123456789012:user/ada",
            "person": {"name": "Ada", "email": "ada@example.org"},
            **{name: body[name] for name in ("parameters", "limits", "layout")},
        }

    def _of_batch(
        self, method: str, batch: str, below: list[str], query: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if below == ["cancel"] and method == "POST":
            for row in self.rows[batch]:
                if row["status"] not in FINAL:
                    row.update(status="CANCELED", reason="the batch was cancelled")
            return 202, {}
        if below == ["start"]:
            body = self.batches[batch]
            more = {name: body[name] for name in ("parameters", "limits", "layout")}
            return 200, {**more, **self._page("runs", body["runs"], {**query, "limit": "2"})}
        if below == ["rows"]:
            rows = [
                row
                for row in self.rows[batch]
                if query.get("status", row["status"]) == row["status"]
            ]
            return 200, self._page("rows", rows, query)
        self.looks += 1
        return 200, self._summary(batch)
