"""Starting a run on an own node: what its owner's registry has to say, then the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.workflow_registry import WRITE
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import moves_files
from pennsieve_agent.node.runs.own_run import Who, access_needed, record_of
from pennsieve_agent.node.runs.plan_jobs import CannotRun
from pennsieve_agent.node.runs.take_over import go_on
from pennsieve_agent.node.wake_reconciler import wake


def started(request: Request) -> Reply:
    """Start a run; the same request twice is one run."""
    try:
        new = Start.of(request.document())
    except ValueError as error:
        raise Problem(400, "bad-run", str(error)) from None
    if (known := request.store.read(new.id)) is not None:
        return _known(request, known, new)
    record = _checked(request, new)
    if not request.store.reserve_name(record):
        text = f"a run on this node is called '{record.name}' already; choose another name"
        raise Problem(409, "name-taken", text)
    if not request.store.begin(record, start=dict(request.document())):
        known = request.store.read(new.id)
        if known is not None:
            return _known(request, known, new)
    wake(request.node, (new.id,))
    return 202, {"run": new.id, "created": True}


def _known(request: Request, record: RunRecord, new: Start) -> Reply:
    if not request.may_see(record) or record.content != new.content:
        raise Problem(409, "other-run", "another run has this id")
    if record.phase is not Phase.DONE:
        wake(request.node, (new.id,))
    return 202, {"run": new.id, "created": False}


def _checked(request: Request, new: Start) -> RunRecord:
    """The record of a new run, after all that the owner's registry has to say."""
    version = version_for(request, new.workflow, new.version, new.dataset)
    try:
        who = Who(request.caller, request.person)
        record = record_of(request.node, request.store, new, version, who)
        if new.goes_on:
            go_on(request.node, request.store, record, new, earlier_run(request, new))
    except CannotRun as unfit:
        raise Problem(422, "unfit", str(unfit)) from None
    return record


def earlier_run(request: Request, new: Start) -> RunRecord:
    """The run whose finished steps are to be taken over.

    Raises:
        Problem: the caller may not see it, or it is not there.

    """
    record = request.store.read(str(new.goes_on["run"]))
    if record is None or not request.may_see(record):
        raise Problem(404, "no-such-run", "this node has no such run of yours to go on with")
    return record


def version_for(request: Request, workflow: str, name: str, dataset: str) -> Mapping[str, Any]:
    """The document of a version that the caller may use on a dataset.

    Raises:
        Problem: it is not his to use, not registered, or not granted.

    """
    if not request.may_use(workflow):
        raise Problem(403, "not-shared", "this workflow is not shared with you on this node")
    version = request.registry.version(workflow, name)
    if version is None:
        text = f"version '{name}' of this workflow is not registered on this node"
        raise Problem(404, "not-registered", text)
    # What moves no files needs no dataset, and so no grant and no key.
    if dataset or moves_files(version):
        _check_grant(request, version, workflow, dataset)
    return version


def _check_grant(request: Request, version: Mapping[str, Any], workflow: str, dataset: str) -> None:
    need, registry = access_needed(version), request.registry
    if not dataset:
        text = f"workflow '{version['name']}' moves files, so its runs need a dataset"
        raise Problem(400, "no-dataset", text)
    if not registry.allows(workflow, dataset, need):
        has = registry.access(workflow, dataset)
        what = "has no grant on" if not has else "may only read"
        text = f"workflow '{version['name']}' {what} dataset {dataset} on this node"
        if "ended" in (why := registry.why_not(workflow, dataset)):
            text += f": {why}"
        raise Problem(403, "not-granted", text, needed=need)
    check_identity(request, version, need)


def check_identity(request: Request, version: Mapping[str, Any], need: str) -> None:
    """Refuse a run whose workflow has no key here for what it does."""
    held = workflow_credentials.held(request.node).get(str(version["workflow"]), "")
    missing = "read" if "read" not in held else "write" if need == WRITE else ""
    if missing and missing not in held:
        name = version["name"]
        text = (
            f"workflow '{name}' has no key on this node to {missing} datasets; "
            f"renew it with: pennsieve workflow update '{name}' --renew-identity"
        )
        raise Problem(409, "no-identity", text)
