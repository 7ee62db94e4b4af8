"""The store of runs in the node's DynamoDB table: records, tokens, leases.

One item for each run, changed only by whoever holds its lease
(:mod:`pennsieve_agent.node.runs.run_lease`). A run's plan, which can be large and does not change,
is a document of its own.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.batches import BatchRow
from pennsieve_agent.domain.node_protocol import digest_of
from pennsieve_agent.domain.run_results import own_folder
from pennsieve_agent.node.batches.batch_rows import BatchRows, batch_key, row_of
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import summary_of
from pennsieve_agent.node.records.run_record import Origin, Phase, RunRecord
from pennsieve_agent.node.runs.run_lease import SURE_SECONDS, Lease
from pennsieve_agent.node.table import Documents, Item, Items, expiry, is_small

KEPT_SECONDS = 90 * 86_400
"""How long what became of a run can still be asked."""
DOCUMENT_SECONDS = KEPT_SECONDS + 30 * 86_400
"""How long the documents of a run are kept: no run takes longer than the difference."""
UNKNOWN_SECONDS = 3600
"""How long a run may be noted as active before its record is there; it takes seconds."""
RUNS, ACTIVE, KEPT = "RUNS", "ACTIVE", "KEPT"
BATCH = "BATCH#"
"""What the second key of an active batch begins with, among those of active runs."""
_START = "START"
_PLANS, MOST_PLANS = "plans", 16
"""What an execution environment remembers of plans, which never change: where, and how many."""
_MOST_KEY = 1024
"""Bytes of an item's second key."""


class Busy(Exception):  # noqa: N818 - a state
    """Another invocation works on the run."""


def _name_key(name: str) -> str:
    """What a run's name is kept by: all names of one folder have one, of at most 1,024 bytes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    folder = own_folder(name).casefold()
    data = folder.encode()
    return folder if len(data) <= _MOST_KEY else hashlib.sha256(data).hexdigest()


@dataclass(slots=True)
class RunStore:
    """The table of a node."""

    node: Node
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    ended_of: set[str] = field(default_factory=set)
    """The batches of which a run has ended by what was written here."""
    _sure: dict[str, float] = field(default_factory=dict)
    """When the leases that this invocation holds were last taken or kept, by run."""

    def begin(
        self, record: RunRecord, token: str = "", start: Mapping[str, Any] | None = None
    ) -> bool:
        """Write a new run down; False when it is there already, which changes nothing.

        ``token`` is what Pennsieve gave for it, ``start`` the document that asks for an own run.
        """
        if token:
            kept = expiry(self.node.now() + KEPT_SECONDS)
            self._items.put(_run(record.run), "TOKEN", {"token": {"S": token}, **kept})
        if start is not None:
            _, values = self._documents.keep(start, f"runs/{record.run}")
            self._items.put(_run(record.run), f"{_START}#{record.content}", self._kept(values))
        self._keep_plan(record)
        # Active first: there must never be a run that nobody wakes.
        self._items.put(ACTIVE, record.run, {"at": {"N": str(int(self.node.now()))}})
        if not self._items.put_new(_run(record.run), "RUN", self._values(record)):
            return False
        self._list(record)
        return True

    def reserve_name(self, record: RunRecord) -> bool:
        """Reserve the name of a run for it; False where another run of the last weeks has it.

        Names that lead to one folder of results are one name.
        """
        return not record.name or self.reserve(record.name, record.run)

    def reserve(self, name: str, holder: str) -> bool:
        """Reserve a name for a run or a batch; False where another one has it."""
        key = _name_key(name)
        if self._items.put_new("NAME", key, self._kept({"run": {"S": holder}})):
            return True
        item = self._items.get("NAME", key)
        return item is not None and item["run"]["S"] == holder

    def read(self, run: str) -> RunRecord | None:
        """A run as it is now; None when it is not known."""
        item = self._items.get(_run(run), "RUN")
        if item is None:
            return None
        record = RunRecord.of(self._documents.text_of(item))
        if record.planned:
            record.plan = self._plan(run, record.planned)
        return record

    def start_of(self, record: RunRecord) -> dict[str, Any]:
        """The document that asked for an own run; empty when it is gone."""
        item = self._items.get(_run(record.run), f"{_START}#{record.content}")
        start: dict[str, Any] = self._documents.read(item) if item else {}
        return start

    def token(self, run: str) -> str:
        """The run's own token; empty when it is gone."""
        item = self._items.get(_run(run), "TOKEN")
        return str(item["token"]["S"]) if item else ""

    def active(self) -> list[str]:
        """The runs that have not come to their end."""
        return [name for name in self._active() if not name.startswith(BATCH)]

    def active_batches(self) -> list[str]:
        """The batches that have not come to their end."""
        return [name.removeprefix(BATCH) for name in self._active() if name.startswith(BATCH)]

    def any_active(self) -> bool:
        """Whether there is a run or a batch that has not come to its end."""
        return bool(self._active())

    def _active(self) -> list[str]:
        return [str(item["sk"]["S"]) for item in self._items.query(ACTIVE)]

    def ask_cancel(self, run: str) -> bool:
        """Note that a run is to be cancelled; False when it is not known."""
        if self._items.get(_run(run), "RUN") is None:
            return False
        self._items.put(_run(run), "CANCEL", {})
        return True

    def is_cancelled(self, run: str) -> bool:
        """Whether it is to be."""
        return self._items.get(_run(run), "CANCEL") is not None

    def take(self, run: str) -> bool:
        """Take a run to work on; False where somebody else has it, who will look at it again."""
        now = self.node.now()
        if not self._lease(run).take():
            return False
        self._sure[run] = now
        return True

    def write(self, record: RunRecord) -> None:
        """Replace what is written of a run, and keep its lease.

        Raises:
            Busy: the lease was lost meanwhile; nothing was written.

        """
        self._keep_lease(record.run)
        self._keep_plan(record)
        # Plan and row first: the record says that they are written.
        self._list(record)
        self._items.put(_run(record.run), "RUN", self._values(record))

    def _keep_lease(self, run: str) -> None:
        """Hold a run for longer, where it could be over soon."""
        now = self.node.now()
        if now - self._sure.get(run, 0.0) < SURE_SECONDS:
            return
        if not self._lease(run).keep():
            raise Busy(run)
        self._sure[run] = now

    def unchanged_since(self, run: str) -> float:
        """Since when, in unix seconds, whoever could not read or write a run found it so.

        It is written down apart from the run's record, which may be what cannot be written; any
        successful write of the record begins the count again.
        """
        item = self._items.get(_run(run), "RUN") or {}
        state = hashlib.sha256(repr(sorted(item.items())).encode()).hexdigest()
        stuck = self._items.get(_run(run), "STUCK")
        if stuck is not None and stuck["state"]["S"] == state:
            return float(stuck["since"]["N"])
        now = self.node.now()
        values = {"state": {"S": state}, "since": {"N": str(now)}}
        self._items.put(_run(run), "STUCK", self._kept(values))
        return now

    def rescued(self, run: str) -> RunRecord:
        """What can be read of a run without its plan; where nothing can, a record of its end."""
        item = self._items.get(_run(run), "RUN") or {}
        try:
            record = RunRecord.of(self._documents.text_of(item))
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the run must end
            now, own = self.node.now(), bool(self.node.settings.organization)
            origin = Origin.OWN if own else Origin.PENNSIEVE
            record = RunRecord(run, now, Phase.RUNNING, started=now, origin=origin)
        record.planned = ""
        return record

    def release(self, run: str) -> bool:
        """Let others work on it; False when one came meanwhile: it is to be looked at again."""
        self._sure.pop(run, None)
        return self._lease(run).release()

    def drop(self, run: str) -> None:
        """Let others work on it, whoever came meanwhile."""
        self._sure.pop(run, None)
        self._lease(run).drop()

    def forget(self, record: RunRecord) -> None:
        """A run is over: its token goes, what became of it stays for a while. May be repeated."""
        self._list(record)
        expires = expiry(self.node.now() + KEPT_SECONDS)
        self._items.put(_run(record.run), "RUN", {**self._values(record), **expires})
        # Last what makes it active, so that a killed invocation is gone through again.
        for name in ("TOKEN", "CANCEL"):
            self._items.delete(_run(record.run), name)
        self._items.delete(ACTIVE, record.run)

    def forget_unknown(self, run: str) -> None:
        """A run that is active and was never written down: whoever asked for it was cut off."""
        item = self._items.get(ACTIVE, run)
        at = float(item["at"]["N"]) if item and "at" in item else 0.0
        if self.node.now() - at > UNKNOWN_SECONDS:
            self._items.delete(ACTIVE, run)

    def keep_files(
        self, run: str, until: float, size: int | None = None, *, settle: float = 0.0
    ) -> None:
        """Note that the files of a run, so many bytes, are kept until a time in unix seconds.

        At ``settle`` they are to be measured once more; 0 for not at all.
        """
        values = {"until": {"N": str(until)}, "settle": {"N": str(settle)}}
        if size is not None:
            values["bytes"] = {"N": str(size)}
        self._items.put(KEPT, run, self._kept(values))

    def forget_files(self, run: str) -> None:
        """Note that they are nobody's to sweep any more."""
        self._items.delete(KEPT, run)

    def files_kept(self) -> list[tuple[float, int | None]]:
        """Until when files are kept, and how many bytes, of each run of which some are."""
        return [
            (float(item["until"]["N"]), int(item["bytes"]["N"]) if "bytes" in item else None)
            for item in self._items.query(KEPT)
            if "taken" not in item
        ]

    def release_files(self, run: str) -> None:
        """Note that another run has taken the files over; the clock then closes the account."""
        values = {"until": {"N": str(self.node.now())}, "taken": {"BOOL": True}}
        self._items.put(KEPT, run, self._kept(values))

    def files_to_look_at(self) -> tuple[list[str], list[str]]:
        """The runs whose files were kept long enough, and those whose are to be measured now."""
        now = self.node.now()
        due: list[str] = []
        unsettled: list[str] = []
        for item in self._items.query(KEPT):
            run, settle = str(item["sk"]["S"]), float((item.get("settle") or {"N": "0"})["N"])
            if float(item["until"]["N"]) <= now:
                due.append(run)
            elif 0 < settle <= now:
                unsettled.append(run)
        return due, unsettled

    def take_files(self, run: str, holder: str) -> bool:
        """Take the kept files of a run over, for a run; False where another has them already.

        The run itself takes them to delete them. It can be done once; the same holder may repeat.
        """
        values = self._kept({"run": {"S": holder}})
        new = self._items.put_new(_run(run), "FILES", values)
        return new or self.holder_of_files(run) == holder

    def holder_of_files(self, run: str) -> str:
        """Who has taken the kept files of a run; empty for nobody."""
        item = self._items.get(_run(run), "FILES")
        return str(item["run"]["S"]) if item else ""

    def begin_again(self, run: str) -> None:
        """Make a run active whose files are to be deleted now."""
        self._items.put(ACTIVE, run, {"at": {"N": str(int(self.node.now()))}})

    def allowed(self) -> list[str]:
        """The code that may run; empty means all."""
        item = self._items.get("NODE", "ALLOWED")
        allowed: list[str] = json.loads(item["body"]["S"]) if item else []
        return allowed

    def allow(self, processors: list[str]) -> None:
        """Replace that list."""
        self._items.put("NODE", "ALLOWED", {"body": {"S": json.dumps(processors)}})

    def note_cost(self, month: str, run: str, usd: float) -> None:
        """What a run has cost in a month (``2026-11``)."""
        self._items.put(f"COST#{month}", run, {"usd": {"N": f"{usd:.6f}"}})

    def cost_of(self, month: str, but: str = "") -> float:
        """What all runs have cost in a month, leaving one out."""
        rows = self._items.query(f"COST#{month}")
        return sum(float(row["usd"]["N"]) for row in rows if row["sk"]["S"] != but)

    def warned_at(self, month: str) -> float:
        """At which share of a month's budget somebody was last warned; 0 for never."""
        item = self._items.get("WARNED", month)
        return float(item["share"]["N"]) if item else 0.0

    def note_warning(self, month: str, share: float) -> None:
        """Note that somebody was warned."""
        self._items.put("WARNED", month, self._kept({"share": {"N": f"{share:g}"}}))

    def _keep_plan(self, record: RunRecord) -> None:
        """Store a plan that is not stored yet; before the run's own item names it."""
        digest = digest_of(record.plan) if record.plan else ""
        if digest == record.planned:
            return
        _, values = self._documents.keep(record.plan, f"runs/{record.run}")
        self._items.put(_run(record.run), f"PLAN#{digest}", self._kept(values))
        record.planned = digest
        self._remember(digest, record.plan, values)

    def _plan(self, run: str, digest: str) -> dict[str, Any]:
        plans: dict[str, dict[str, Any]] = self.node.memory.get(_PLANS, {})
        if digest in plans:
            return plans[digest]
        item = self._items.get(_run(run), f"PLAN#{digest}")
        if item is None:
            return {}
        return self._remember(digest, self._documents.read(item), item)

    def _remember(self, digest: str, plan: dict[str, Any], item: Item) -> dict[str, Any]:
        plans = self.node.memory.setdefault(_PLANS, {})
        if not is_small(item):  # one of a hundred thousand files is tens of megabytes
            plans.clear()
        plans[digest] = plan
        while len(plans) > MOST_PLANS:
            del plans[next(iter(plans))]
        return plan

    def _list(self, record: RunRecord) -> None:
        """Keep an own run's row in the list of runs; written before the run that says it was."""
        if not record.is_own:
            return
        row = summary_of(record)
        in_batch = row_of(record) if record.batch else None
        digest = digest_of([row, in_batch.document()] if in_batch else row)
        if digest == record.listed:
            return
        self._items.put(RUNS, list_key(record), self._kept({"body": {"S": json.dumps(row)}}))
        if in_batch is not None:
            self._list_in_batch(record, in_batch)
        record.listed = digest

    def _list_in_batch(self, record: RunRecord, row: BatchRow) -> None:
        """Keep the row in the batch; a run that has ended makes room for the next one."""
        batch = str(record.batch["id"])
        earlier = float(record.batch.get("earlier") or 0)
        BatchRows(self.node, batch, self._kept({})).put(row, earlier)
        if row.status.is_final:
            self._items.delete(batch_key(batch), f"OPEN#{record.run}")
            self.ended_of.add(batch)

    def _kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, **expiry(self.node.now() + DOCUMENT_SECONDS)}

    def _values(self, record: RunRecord) -> Item:
        return self._documents.text_values(record.to_json(plan=False), f"runs/{record.run}")

    def _lease(self, run: str) -> Lease:
        return Lease(self.node, _run(run), self.owner)

    @property
    def _items(self) -> Items:
        return Items(self.node)

    @property
    def _documents(self) -> Documents:
        return Documents(self.node)


def list_key(record: RunRecord) -> str:
    """A run's place in the list of runs, which is in the order of time."""
    return f"{int(record.created * 1000):015d}#{record.run}"


def _run(run: str) -> str:
    return f"RUN#{run}"
