"""What the node has written down, in its table: runs, their tokens, who is at work on them.

One item for each run, changed only by whoever holds its lease: a lease is taken by a conditional
write and lasts a little longer than any single step, so that of two invocations one works, and that
of one that was killed is soon free again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.record import RunRecord

LEASE_SECONDS = 90.0
KEPT_SECONDS = 90 * 86_400
"""How long what became of a run can still be asked."""
_BUSY = "ConditionalCheckFailedException"


class Busy(Exception):  # noqa: N818 - a state
    """Somebody else is at work on the run."""


@dataclass(slots=True)
class Journal:
    """The table of a node."""

    node: Node
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)

    def begin(self, record: RunRecord, token: str) -> bool:
        """Write a new run down; False when it is there already, which changes nothing."""
        expires = int(self.node.now()) + KEPT_SECONDS
        self._put(record.run, "TOKEN", {"token": {"S": token}, "expires_at": {"N": str(expires)}})
        self._put("", record.run, {}, pk="ACTIVE")
        return self._once(record)

    def _once(self, record: RunRecord) -> bool:
        item = {**_key(f"RUN#{record.run}", "RUN"), "body": {"S": record.to_json()}}
        try:
            self._table.put_item(
                TableName=self._name, Item=item, ConditionExpression="attribute_not_exists(pk)"
            )
        except Exception as error:
            if aws_code(error) != _BUSY:
                raise
            return False
        return True

    def read(self, run: str) -> RunRecord | None:
        """A run as it is now; None when it is not known."""
        item = self._get(f"RUN#{run}", "RUN")
        return RunRecord.of(item["body"]["S"]) if item else None

    def token(self, run: str) -> str:
        """The run's own token; empty when it is gone."""
        item = self._get(f"RUN#{run}", "TOKEN")
        return str(item["token"]["S"]) if item else ""

    def active(self) -> list[str]:
        """The runs that have not come to their end."""
        found: list[str] = []
        start: dict[str, Any] = {}
        while True:
            page = self._table.query(
                TableName=self._name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": "ACTIVE"}},
                ConsistentRead=True,
                **start,
            )
            found += [row["sk"]["S"] for row in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def ask_cancel(self, run: str) -> bool:
        """Note that a run is to be cancelled; False when it is not known."""
        if self._get(f"RUN#{run}", "RUN") is None:
            return False
        self._put(run, "CANCEL", {})
        return True

    def is_cancelled(self, run: str) -> bool:
        """Whether it is to be."""
        return self._get(f"RUN#{run}", "CANCEL") is not None

    def take(self, run: str) -> RunRecord | None:
        """A run to work on, with its lease; None when it is not known.

        Raises:
            Busy: somebody else holds it.

        """
        now = self.node.now()
        item = {
            **_key(f"RUN#{run}", "LEASE"),
            "owner": {"S": self.owner},
            "until": {"N": str(now + LEASE_SECONDS)},
        }
        try:
            self._table.put_item(
                TableName=self._name,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR #o = :o OR #u < :now",
                ExpressionAttributeNames={"#o": "owner", "#u": "until"},
                ExpressionAttributeValues={":o": {"S": self.owner}, ":now": {"N": str(now)}},
            )
        except Exception as error:
            if aws_code(error) == _BUSY:
                raise Busy(run) from None
            raise
        return self.read(run)

    def write(self, record: RunRecord) -> None:
        """Replace what is written of a run, and keep its lease.

        Raises:
            Busy: the lease was lost meanwhile; nothing was written.

        """
        self.take(record.run)
        item = {**_key(f"RUN#{record.run}", "RUN"), "body": {"S": record.to_json()}}
        self._table.put_item(TableName=self._name, Item=item)

    def release(self, run: str) -> None:
        """Let others work on it."""
        self._delete(f"RUN#{run}", "LEASE")

    def forget(self, record: RunRecord) -> None:
        """A run is over: its token goes, what became of it stays for a while. May be repeated."""
        expires = {"expires_at": {"N": str(int(self.node.now()) + KEPT_SECONDS)}}
        self._put(record.run, "RUN", {"body": {"S": record.to_json()}, **expires})
        for name in ("TOKEN", "CANCEL"):
            self._delete(f"RUN#{record.run}", name)
        self._delete("ACTIVE", record.run)

    def allowed(self) -> list[str]:
        """The code that may run; empty means all."""
        item = self._get("NODE", "ALLOWED")
        found: list[str] = json.loads(item["body"]["S"]) if item else []
        return found

    def allow(self, processors: list[str]) -> None:
        """Replace that list."""
        self._put("", "ALLOWED", {"body": {"S": json.dumps(processors)}}, pk="NODE")

    def note_cost(self, month: str, run: str, usd: float) -> None:
        """What a run has cost in a month (``2026-11``)."""
        self._put("", run, {"usd": {"N": f"{usd:.6f}"}}, pk=f"COST#{month}")

    def cost_of(self, month: str, but: str = "") -> float:
        """What all runs have cost in a month, leaving one out."""
        page = self._table.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"COST#{month}"}},
        )
        return sum(float(row["usd"]["N"]) for row in page["Items"] if row["sk"]["S"] != but)

    @property
    def _table(self) -> Any:
        return self.node.client("dynamodb")

    @property
    def _name(self) -> str:
        return self.node.settings.table

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = self._table.get_item(TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        found: dict[str, Any] | None = answer.get("Item")
        return found

    def _put(self, run: str, sk: str, body: dict[str, Any], *, pk: str = "") -> None:
        item = {**_key(pk or f"RUN#{run}", sk), **body}
        self._table.put_item(TableName=self._name, Item=item)

    def _delete(self, pk: str, sk: str) -> None:
        self._table.delete_item(TableName=self._name, Key=_key(pk, sk))


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


Wake = Callable[[str], None]
"""Wakes the reconciler for a run."""
