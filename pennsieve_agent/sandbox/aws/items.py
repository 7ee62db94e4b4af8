"""The items of DynamoDB tables, stored one by one in the sandbox's database.

Each run writes a node's table many times. What counts after a restart is what is in it, so that is
what is kept, and not every request that led there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.wire import AwsRequest
from pennsieve_agent.sandbox.host.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS dynamodb_items (
    place TEXT NOT NULL,
    key TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (place, key)
) WITHOUT ROWID;
"""
_Touched = tuple[str, Mapping[str, Any]]


class Items:
    """Stores items, and restores them into moto. The caller holds the lock of the emulation."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account
        self._tables: dict[str, Any] = {}

    def keep(self, request: AwsRequest) -> bool:
        """Store what a request changed; answers whether the request was one that changes items."""
        if request.service != "dynamodb" or request.operation not in _WRITES:
            self._forget()
            return False
        backend = _backend(self._account, request.region)
        for name, part in _touched(request):
            table = backend.tables[name.rpartition("/")[2]]
            names = (table.hash_key_attr, table.range_key_attr)
            key = {attribute: part[attribute] for attribute in names if attribute}
            item = table.get_item(
                *(_value(part[attribute]) if attribute else None for attribute in names)
            )
            place = f"{request.region} {table.name}"
            self._tables[place] = table
            self._write(place, key, item)
        return True

    def _write(self, place: str, key: Mapping[str, Any], stored: Any) -> None:
        text = json.dumps(key, sort_keys=True)
        if stored is None:
            where = "place = ? AND key = ?"
            self._store.execute(f"DELETE FROM dynamodb_items WHERE {where}", (place, text))  # noqa: S608
        else:
            item = json.dumps(stored.to_json()["Attributes"], default=_base64)
            self._store.execute(
                "INSERT OR REPLACE INTO dynamodb_items VALUES (?, ?, ?)", (place, text, item)
            )

    def restore(self) -> None:
        """Put the items back into moto; forget those of deleted tables."""
        for row in self._store.rows("SELECT DISTINCT place FROM dynamodb_items"):
            self._tables[row["place"]] = self._table(row["place"])
        self._forget()
        for place, table in self._tables.items():
            kept = self._store.rows("SELECT item FROM dynamodb_items WHERE place = ?", (place,))
            for row in kept:
                table.put_item(json.loads(row["item"]))

    def _forget(self) -> None:
        """Forget the items of deleted tables, even if a new table has the same name."""
        for place, table in list(self._tables.items()):
            if table is None or self._table(place) is not table:
                del self._tables[place]
                self._store.execute("DELETE FROM dynamodb_items WHERE place = ?", (place,))

    def _table(self, place: str) -> Any:
        region, _, name = place.partition(" ")
        return _backend(self._account, region).tables.get(name)


_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


def _touched(request: AwsRequest) -> Iterator[_Touched]:
    """The tables and keys (or whole items) that a request names."""
    parameters = request.parameters
    match request.operation:
        case "TransactWriteItems":
            for part in (
                part for writes in parameters["TransactItems"] for part in writes.values()
            ):
                yield part["TableName"], part.get("Item") or part["Key"]
        case "BatchWriteItem":
            for table, writes in parameters["RequestItems"].items():
                for part in (part for write in writes for part in write.values()):
                    yield table, part.get("Item") or part["Key"]
        case _:
            yield parameters["TableName"], parameters.get("Item") or parameters["Key"]


def _base64(content: bytes) -> str:
    """A binary value, which moto keeps in either form, as DynamoDB's JSON has it."""
    return base64.b64encode(content).decode()


def _value(value: Mapping[str, Any]) -> Any:
    from moto.dynamodb.models.dynamo_type import DynamoType  # noqa: PLC0415 - slow

    return DynamoType(dict(value))


def _backend(account: str, region: str) -> Any:
    from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - slow

    return dynamodb_backends[account][region]
