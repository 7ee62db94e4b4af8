"""The node's table: items by two keys, and documents that are too large for an item.

An item ends at 400 KB, its names counted
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, "Item size"), so
what is over :data:`MOST_ITEM` lies in the node's bucket, and the item has its key and SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.node_protocol import canonical
from pennsieve_agent.node.node import Node, aws_code

Item = dict[str, Any]
MOST_ITEM = 100_000
"""Bytes of a document that an item takes."""
MOST_ZIPPED = 300_000
"""Bytes of a compressed text that an item takes beside its other values."""
REFUSED = "ConditionalCheckFailedException"
DOCUMENTS = "documents/"


class Damaged(Exception):  # noqa: N818 - a state
    """A document in the bucket is not the one that was written."""


@dataclass(frozen=True, slots=True)
class Items:
    """The table of one node."""

    node: Node

    def get(self, pk: str, sk: str) -> Item | None:
        """An item as it is now."""
        # Consistent: the reconciler decides by what another invocation has just written.
        answer = self._table.get_item(TableName=self._name, Key=key(pk, sk), ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def put(self, pk: str, sk: str, values: Mapping[str, Any]) -> None:
        """Write an item, replacing what is there."""
        self._table.put_item(TableName=self._name, Item={**key(pk, sk), **values})

    def put_new(self, pk: str, sk: str, values: Mapping[str, Any]) -> bool:
        """Write an item unless there is one; whether it was written."""
        item = {**key(pk, sk), **values}
        return self._if_allowed(
            self._table.put_item, Item=item, ConditionExpression="attribute_not_exists(pk)"
        )

    def put_where(
        self,
        pk: str,
        sk: str,
        values: Mapping[str, Any],
        condition: str,
        condition_values: Mapping[str, Any],
    ) -> bool:
        """Write an item if a condition on what is there holds; whether it did."""
        return self._if_allowed(
            self._table.put_item,
            Item={**key(pk, sk), **values},
            ConditionExpression=condition,
            ExpressionAttributeValues=dict(condition_values),
        )

    def put_over(self, pk: str, sk: str, values: Mapping[str, Any], before: Item | None) -> bool:
        """Write an item in the place of one that was read, None for none; whether it was still so.

        It is told by its ``body``.
        """
        if before is None:
            return self.put_new(pk, sk, values)
        return self._if_allowed(
            self._table.put_item,
            Item={**key(pk, sk), **values},
            ConditionExpression="#body = :body",
            ExpressionAttributeNames={"#body": "body"},
            ExpressionAttributeValues={":body": before["body"]},
        )

    def delete(self, pk: str, sk: str) -> None:
        """Remove an item; nothing happens when there is none."""
        self._table.delete_item(TableName=self._name, Key=key(pk, sk))

    def update_where(
        self,
        pk: str,
        sk: str,
        change: str,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, Any],
    ) -> bool:
        """Change or create an item if a condition holds; whether it did.

        ``names`` and ``values`` are those of both expressions (Amazon DynamoDB, "UpdateItem").
        """
        attribute_names = {"ExpressionAttributeNames": dict(names)} if names else {}
        return self._if_allowed(
            self._table.update_item,
            Key=key(pk, sk),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeValues=dict(values),
            **attribute_names,
        )

    def delete_where(
        self, pk: str, sk: str, condition: str, names: Mapping[str, str], values: Mapping[str, Any]
    ) -> bool:
        """Delete an item if a condition holds; whether it did."""
        return self._if_allowed(
            self._table.delete_item,
            Key=key(pk, sk),
            ConditionExpression=condition,
            ExpressionAttributeNames=dict(names),
            ExpressionAttributeValues=dict(values),
        )

    def _if_allowed(self, call: Callable[..., Any], **arguments: Any) -> bool:
        """Make a call with a condition; whether the condition held."""
        try:
            call(TableName=self._name, **arguments)
        except Exception as error:
            if aws_code(error) != REFUSED:
                raise
            return False
        return True

    def query(
        self, pk: str, prefix: str = "", *, before: str = "", newest: bool = False
    ) -> Iterator[Item]:
        """The items of a key, in the order of their second one; ``newest`` turns it round.

        ``before`` leaves out what does not come before it in the order of texts.
        """
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if prefix:
            condition, values = (
                f"{condition} AND begins_with(sk, :p)",
                values | {":p": {"S": prefix}},
            )
        elif before:
            condition, values = f"{condition} AND sk < :b", values | {":b": {"S": before}}
        return self._pages(condition, values, newest=newest)

    def query_range(self, pk: str, first: str, last: str) -> Iterator[Item]:
        """The items of a key whose second one is from ``first`` to ``last``, in order."""
        values = {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}}
        return self._pages("pk = :pk AND sk BETWEEN :first AND :last", values)

    def _pages(
        self, condition: str, values: Mapping[str, Any], *, newest: bool = False
    ) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            page = self._table.query(
                TableName=self._name,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ScanIndexForward=not newest,
                **start,
            )
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    @property
    def _table(self) -> Any:
        return self.node.client("dynamodb")

    @property
    def _name(self) -> str:
        return self.node.settings.table


def key(pk: str, sk: str) -> Item:
    """An item's keys."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def expiry(at: float) -> Item:
    """The attribute that lets an item be deleted after a time in unix seconds."""
    return {"expires_at": {"N": str(int(at))}}


def is_small(item: Mapping[str, Any]) -> bool:
    """Whether the document of an item is in the item itself, unchanged."""
    return "body" in item


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents by their SHA-256: small ones in an item's values, others in the bucket."""

    node: Node

    def keep(self, document: Any, folder: str) -> tuple[str, Item]:
        """Put a document where it belongs; its digest, and what the item holds of it."""
        text = canonical(document)
        digest = _digest(text)
        values: Item = {"digest": {"S": digest}}
        if len(text) <= MOST_ITEM:
            return digest, values | {"body": {"S": text}}
        return digest, values | self._place(_zipped(text), digest, folder)

    def read(self, item: Mapping[str, Any]) -> Any:
        """The document of an item.

        Raises:
            Damaged: what lies in the bucket is another one.

        """
        return json.loads(self.text_of(item))

    def text_values(self, text: str, folder: str) -> Item:
        """A text as attributes that are written often: in the bucket only where nothing else fits.

        :meth:`text_of` reads it.
        """
        if len(text.encode()) <= MOST_ITEM:
            return {"body": {"S": text}}
        data = _zipped(text)
        if len(data) <= MOST_ZIPPED:
            return {"zipped": {"B": data}}
        digest = _digest(text)
        return {"digest": {"S": digest}, **self._place(data, digest, folder)}

    def text_of(self, item: Mapping[str, Any]) -> str:
        """The text of an item.

        Raises:
            Damaged: what lies in the bucket is another one.

        """
        if is_small(item):
            return str(item["body"]["S"])
        if "zipped" in item:
            return gzip.decompress(bytes(item["zipped"]["B"])).decode()
        where = {"Bucket": self.node.settings.bucket, "Key": item["place"]["S"]}
        data = gzip.decompress(self.node.client("s3").get_object(**where)["Body"].read())
        if hashlib.sha256(data).hexdigest() != item["digest"]["S"]:
            raise Damaged(f"{where['Key']} in the node's bucket was changed")
        return data.decode()

    def _place(self, data: bytes, digest: str, folder: str) -> Item:
        # By its digest: what an item names is never overwritten, so a kill between both is no harm.
        place = f"{DOCUMENTS}{folder}/{digest}.json.gz"
        self.node.client("s3").put_object(Bucket=self.node.settings.bucket, Key=place, Body=data)
        return {"place": {"S": place}}


def _zipped(text: str) -> bytes:
    # No time in the header: the same text gives the same bytes.
    return gzip.compress(text.encode(), mtime=0)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
