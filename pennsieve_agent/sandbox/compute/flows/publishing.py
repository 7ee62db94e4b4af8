"""Publishing workflow definitions (``contracts/workflows.md`` 2.4)."""

from __future__ import annotations

import json

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.apps.catalogue import find_app_of
from pennsieve_agent.sandbox.compute.flows.dag import PROCESSOR
from pennsieve_agent.sandbox.compute.flows.definition_json import definition_json
from pennsieve_agent.sandbox.compute.flows.definitions import PATH, readable_definition
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

NOT_CREATOR = "only the creator of a workflow can publish or unpublish it"


class Publishing:
    """What is published is listed and can be run in every workspace."""

    def __init__(self, world: World, members: Members) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", f"{PATH}/<uuid>/publish", Scheme.USER, self.publish),
            Route("POST", f"{PATH}/<uuid>/unpublish", Scheme.USER, self.unpublish),
        ]

    def publish(self, request: Request) -> Response:
        """Make it public (2.4); its creator may, when the App Store has every processor."""
        row = self._own(request)
        for node in json.loads(row["nodes"]):
            if node["type"] == PROCESSOR and find_app_of(self._store, node["sourceUrl"]) is None:
                text = f"processor {node['sourceUrl']} is not an App Store application"
                raise compute_answers.message(400, text)
        self._store.execute(
            "INSERT OR IGNORE INTO workflow_published VALUES (?, ?)",
            (row["uuid"], rfc3339(self._now())),
        )
        return Response(200, definition_json(self._store, {**row, "published": 1}))

    def unpublish(self, request: Request) -> Response:
        """Make it private again (2.4). The sandbox has no super-administrators."""
        row = self._own(request)
        self._store.execute(
            "DELETE FROM workflow_published WHERE definition_uuid = ?", (row["uuid"],)
        )
        return Response(200, definition_json(self._store, {**row, "published": 0}))

    def _own(self, request: Request) -> Row:
        row = readable_definition(self._store, self._members, request)
        if row["created_by"] != request.caller.user_id:
            raise compute_answers.message(403, NOT_CREATOR)
        return row
