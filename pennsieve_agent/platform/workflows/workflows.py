"""Workflow definitions (v2, ``contracts/workflows.md`` 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pennsieve_agent.domain.platform_offers import TargetType
from pennsieve_agent.domain.workflows import Step, Workflow, WorkflowUse
from pennsieve_agent.errors import NotFound
from pennsieve_agent.platform.http.decode import Fields, parse, records
from pennsieve_agent.platform.http.failures import clean
from pennsieve_agent.platform.http.paging import by_cursor
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso
from pennsieve_agent.platform.workflows.graph import decode_steps, decode_target_type, encode_step

# Named here because inside the class below "list" is the method.
_TargetTypes = list[TargetType]

_DEFINITIONS = "/compute/workflows/definitions"
_PAGE = 100


class Workflows:
    """The definitions of a workspace."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def public(self, search: str = "", *, official: bool = False) -> Iterator[Workflow]:
        """The published workflows of all workspaces, or those Pennsieve made itself.

        Route: GET v2 /compute/workflows/definitions
        """
        query = {
            "visibility": "public",
            "official": "true" if official else None,
            "search": search or None,
        }
        return self._pages(query)

    def list(self, organization_id: str, *, archived: bool = False) -> Iterator[Workflow]:
        """The workflows of a workspace; with ``archived`` those that were archived, instead.

        Route: GET v2 /compute/workflows/definitions

        Those of a list may come without steps.
        """
        status = "archived" if archived else "active"
        workflows = self._pages({"organization_id": organization_id, "status": status})
        return (workflow for workflow in workflows if workflow.is_active is not archived)

    def _pages(self, filters: Mapping[str, str | None]) -> Iterator[Workflow]:
        def fetch(cursor: str) -> tuple[list[Fields], str]:
            query = {**filters, "limit": _PAGE, "cursor": cursor or None}
            answer = self._v2.call("GET", _DEFINITIONS, query=query)
            page = parse(answer)
            if not isinstance(page, dict):
                return records(page, answer.where), ""  # an older server: everything at once
            fields = Fields(page, answer.where)
            return fields.records("workflows"), fields.text("nextCursor")

        return (_workflow(item) for item in by_cursor(fetch))

    def get(self, uuid: str) -> Workflow:
        """One workflow with its steps.

        Route: GET v2 /compute/workflows/definitions/{uuid}

        Raises:
            NotFound: there is none, also when the platform says so by 200 and next to nothing
                (``contracts/workflows.md`` section 8, trap 12).

        """
        answer = self._v2.call("GET", f"{_DEFINITIONS}/{segment(uuid)}")
        value = parse(answer) if answer.body.strip() else {}
        item = Fields({} if value is None else value, answer.where)
        if not item.text("uuid") or not (item.text("name") or decode_steps(item)):
            raise NotFound(
                f"there is no workflow {clean(uuid)}", where=answer.where, status=answer.status
            )
        return _workflow(item)

    def create(
        self, name: str, description: str, organization_id: str, steps: Sequence[Step]
    ) -> Workflow:
        """Create a workflow in a workspace. Sent once: names are not unique.

        Route: POST v2 /compute/workflows/definitions
        Route: GET v2 /compute/workflows/definitions/{uuid}
        """
        body = {
            "name": name,
            "description": description,
            "organizationId": organization_id,
            # Sent as "processors", answered as "dag" (trap 11).
            "processors": [encode_step(step) for step in steps],
        }
        reply = self._v2.post_record(_DEFINITIONS, body)
        uuid = reply.need_text("uuid", "id", "workflowUuid")
        if reply.text("uuid") and reply.text("name") and decode_steps(reply):
            return _workflow(reply)
        return self.get(uuid)

    def archive(self, uuid: str) -> None:
        """Put a workflow away; the platform never deletes one.

        Route: PATCH v2 /compute/workflows/definitions/{uuid}
        """
        self._change(uuid, {"isActive": False})

    def restore(self, uuid: str) -> None:
        """Take an archived workflow back.

        Route: PATCH v2 /compute/workflows/definitions/{uuid}
        """
        self._change(uuid, {"isActive": True})

    def rename(self, uuid: str, name: str, description: str) -> None:
        """Name and describe a workflow; both are set together (2.4).

        Route: PATCH v2 /compute/workflows/definitions/{uuid}
        """
        self._change(uuid, {"name": name, "description": description})

    def set_defaults(self, uuid: str, defaults: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the defaults of steps, by their ids; an empty map clears those of a step (2.4).

        Route: PATCH v2 /compute/workflows/definitions/{uuid}

        Those of a data target are stored and shown, and ignored when a run starts (trap 27);
        :meth:`Runs.start` sends them with the run. Steps and edges cannot be changed (trap 29).
        """
        self._change(uuid, {"defaultParams": {step: dict(kv) for step, kv in defaults.items()}})

    def publish(self, uuid: str) -> Workflow:
        """Let every workspace list and run a workflow; only its creator may.

        Route: POST v2 /compute/workflows/definitions/{uuid}/publish
        Route: GET v2 /compute/workflows/definitions/{uuid}

        Raises:
            PlatformError: refused, as when a step's code is in no app store.

        """
        self._v2.call("POST", f"{_DEFINITIONS}/{segment(uuid)}/publish", repeatable=True)
        return self.get(uuid)

    def unpublish(self, uuid: str) -> Workflow:
        """Take that back; only its creator may.

        Route: POST v2 /compute/workflows/definitions/{uuid}/unpublish
        Route: GET v2 /compute/workflows/definitions/{uuid}
        """
        self._v2.call("POST", f"{_DEFINITIONS}/{segment(uuid)}/unpublish", repeatable=True)
        return self.get(uuid)

    def target_types(self) -> _TargetTypes:
        """What data targets can do, for anybody.

        Route: GET v2 /compute/workflows/target-types
        """
        rows = self._v2.get_records("/compute/workflows/target-types")
        return [decode_target_type(item) for item in rows]

    def _change(self, uuid: str, changes: Mapping[str, object]) -> None:
        path = f"{_DEFINITIONS}/{segment(uuid)}"
        self._v2.call("PATCH", path, body=dict(changes), repeatable=True)

    def set_versions(self, uuid: str, versions: Mapping[str, str]) -> None:
        """Move steps, by their ids, to other tags; an empty tag is refused, so none is sent (2.4).

        Route: PATCH v2 /compute/workflows/definitions/{uuid}
        """
        self._change(uuid, {"versions": {step: tag for step, tag in versions.items() if tag}})


def _workflow(item: Fields) -> Workflow:
    return Workflow(
        uuid=item.need_text("uuid"),
        name=item.text("name"),
        description=item.text("description"),
        organization_id=item.text("organizationId"),
        is_active=item.raw("isActive") is not False,
        created_at=iso(item.raw("createdAt")),
        created_by=item.text("createdBy"),
        steps=decode_steps(item),
        visibility=item.text("visibility"),
        official=item.flag("official"),
        use=_use(item.record("metrics")),
    )


def _use(metrics: Fields) -> WorkflowUse | None:
    """The runs of a definition (2.3): of them the platform tells a rate, in percent."""
    runs = metrics.integer("totalRuns")
    if runs is None:
        return None
    status, rate = metrics.text("lastRunStatus"), metrics.number("successRate")
    ended = runs if rate is not None else 0
    succeeded = ended * (rate or 0) / 100
    return WorkflowUse(runs, ended, succeeded, iso(metrics.raw("lastRunAt")), status)
