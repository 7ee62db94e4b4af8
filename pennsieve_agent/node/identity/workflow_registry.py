"""The registry of a node: workflow versions, grants and shares, which its owner keeps.

* workflow versions never change: the same content may be written again, other content may not;
* a grant lets the node move data of one dataset for one workflow, to read it or to write, too;
  one with an end (``until``, unix seconds) is none from then on, by the node's own clock;
* a share lets an AWS identity ask for some workflows.

The identities of workflows are kept by :mod:`.workflow_credentials`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller, identity_key
from pennsieve_agent.node.table import Documents, Items

READ, WRITE = "read", "read-write"
_WORKFLOW, _VERSION, _GRANT, _SHARE = "WORKFLOW", "VERSION", "GRANT", "SHARE"
Json = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry of one node."""

    node: Node

    # Workflow versions ----------------------------------------------------------------------

    def add_version(self, document: Json) -> bool:
        """Register a version; False when this version has other content already."""
        workflow, version = str(document["workflow"]), str(document["version"])
        digest, values = Documents(self.node).keep(document, f"workflows/{workflow}")
        row = {
            **values,
            "name": {"S": str(document.get("name") or "")},
            "at": {"N": f"{self.node.now():.3f}"},
            "version": {"S": version},
        }
        # Two writers cannot both be first, and the same content twice is no conflict.
        if not self._items.put_new(f"{_VERSION}#{workflow}", version, row):
            item = self._items.get(f"{_VERSION}#{workflow}", version)
            if item is None or item["digest"]["S"] != digest:
                return False
        self._items.put(_WORKFLOW, workflow, {"name": {"S": str(document.get("name") or "")}})
        return True

    def version(self, workflow: str, version: str) -> Row | None:
        """The document of a version; None when it is not registered."""
        item = self._items.get(f"{_VERSION}#{workflow}", version)
        document: Row | None = Documents(self.node).read(item) if item else None
        return document

    def versions(self, workflow: str) -> dict[str, float]:
        """When each version of a workflow was registered, in unix seconds, the latest last."""
        rows = list(self._items.query(f"{_VERSION}#{workflow}"))
        # The sort key is the version's name, whose order says nothing of time.
        rows.sort(key=lambda row: float(row["at"]["N"]))
        return {str(row["version"]["S"]): float(row["at"]["N"]) for row in rows}

    def workflows(self) -> dict[str, str]:
        """The names of the workflows by their ids."""
        rows = self._items.query(_WORKFLOW)
        return {str(row["sk"]["S"]): str(row["name"]["S"]) for row in rows}

    def knows(self, workflow: str) -> bool:
        """Whether a workflow has a version here."""
        return self._items.get(_WORKFLOW, workflow) is not None

    def remove(self, workflow: str, version: str = "") -> bool:
        """Remove a version, or a workflow with all of them and its grants; whether it was there.

        What is removed last is what says that there is something left to remove.
        """
        present = self.knows(workflow)
        left = [name for name in self.versions(workflow) if version and name != version]
        if version and version not in self.versions(workflow):
            return False
        # Grants go first: a workflow that is half removed must not use datasets.
        if not left:
            for row in self.grants(workflow=workflow):
                self.revoke(workflow, row["dataset"])
        for name in self.versions(workflow):
            if name not in left:
                self._items.delete(f"{_VERSION}#{workflow}", name)
        if not left:
            self._items.delete(_WORKFLOW, workflow)
        return present

    # Grants -----------------------------------------------------------------------------------

    def grant(self, row: Json) -> None:
        """Keep a grant ``{workflow, dataset, datasetName, access, by, until}`` in place of another.

        ``until`` is in unix seconds; 0 or absent for none.
        """
        body = {**row, "at": self.node.now()}
        key = f"{row['workflow']} {row['dataset']}"
        self._items.put(_GRANT, key, {"body": {"S": json.dumps(body)}})

    def revoke(self, workflow: str, dataset: str) -> bool:
        """Take a grant back, also one that has ended; whether there was one."""
        present = self._grant_of(workflow, dataset) is not None
        self._items.delete(_GRANT, f"{workflow} {dataset}")
        return present

    def access(self, workflow: str, dataset: str) -> str:
        """What a workflow may do with a dataset now: :data:`READ`, :data:`WRITE`, or nothing."""
        row = self._grant_of(workflow, dataset)
        return str(row["access"]) if row and not self.has_ended(row) else ""

    def has_ended(self, grant: Json) -> bool:
        """Whether the date of a grant has passed."""
        return bool(grant.get("until")) and float(grant["until"]) <= self.node.now()

    def why_not(self, workflow: str, dataset: str) -> str:
        """Why a workflow may not use a dataset that it could use before, as "its grant ..."."""
        row = self._grant_of(workflow, dataset)
        if row is None or not self.has_ended(row):
            return "its grant was revoked"
        at = datetime.fromtimestamp(float(row["until"]), UTC)
        return f"its grant ended on {at:%Y-%m-%d at %H:%M} UTC"

    def allows(self, workflow: str, dataset: str, access: str) -> bool:
        """Whether a grant covers an access."""
        has = self.access(workflow, dataset)
        return has == WRITE or (has == READ and access == READ)

    def grants(self, workflow: str = "", dataset: str = "") -> list[Row]:
        """All grants, or those of a workflow, or on a dataset."""
        rows = self._items.query(_GRANT, f"{workflow} " if workflow else "")
        grants = [json.loads(row["body"]["S"]) for row in rows]
        return [row for row in grants if not dataset or row["dataset"] == dataset]

    def _grant_of(self, workflow: str, dataset: str) -> Row | None:
        item = self._items.get(_GRANT, f"{workflow} {dataset}")
        row: Row | None = json.loads(item["body"]["S"]) if item else None
        return row

    # Shares -----------------------------------------------------------------------------------

    def share(self, arn: str, workflows: list[str]) -> None:
        """Let an identity ask for some workflows.

        Raises:
            ValueError: it is not an identity that can be compared.

        """
        body = {"arn": arn, "workflows": sorted(set(workflows)), "at": self.node.now()}
        self._items.put(_SHARE, identity_key(arn), {"body": {"S": json.dumps(body)}})

    def unshare(self, arn: str) -> bool:
        """Take a share back; whether there was one.

        Raises:
            ValueError: it is not an identity that can be compared.

        """
        present = self._items.get(_SHARE, identity_key(arn)) is not None
        self._items.delete(_SHARE, identity_key(arn))
        return present

    def shares(self) -> list[Row]:
        """All shares."""
        return [json.loads(row["body"]["S"]) for row in self._items.query(_SHARE)]

    def shared_with(self, caller: Caller) -> set[str]:
        """The workflows that a caller may ask for."""
        workflows: set[str] = set()
        for key in caller.share_keys:
            if item := self._items.get(_SHARE, key):
                workflows |= set(json.loads(item["body"]["S"])["workflows"])
        return workflows

    @property
    def _items(self) -> Items:
        return Items(self.node)
