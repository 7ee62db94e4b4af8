"""Whether a run could start on the node now, asked before it is asked for: all that hinders it.

The node has the last word when the run is asked for; this tells everything at once, and starts and
writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.api.health import queue_issues
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.api.start_run import check_identity
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import moves_files
from pennsieve_agent.node.runs.month_budget import left_of
from pennsieve_agent.node.runs.own_run import Who, access_needed, planned
from pennsieve_agent.node.runs.plan_jobs import CannotRun, check_budget


def checked(request: Request) -> Reply:
    """What hinders the run of a start document without files and parameters.

    ``{problems: [{code, message}], budgetLeft}``: the latter is what is left of this month's budget
    in USD, null where the node has none.
    """
    try:
        start = Start.of(request.document())
    except ValueError as error:
        raise Problem(400, "bad-run", str(error)) from None
    if not request.may_use(start.workflow):
        raise Problem(403, "not-shared", "this workflow is not shared with you on this node")
    version = request.registry.version(start.workflow, start.version)
    if version is None:
        text = f"version '{start.version}' of this workflow is not registered on this node"
        raise Problem(404, "not-registered", text)
    problems: list[dict[str, str]] = []

    def note(code: str, message: str) -> None:
        problems.append({"code": code, "message": message})

    # Without a grant there may be no key yet, which granting makes: the client tells of the grant.
    need = access_needed(version)
    if moves_files(version) and request.registry.allows(start.workflow, start.dataset, need):
        try:
            check_identity(request, version, need)
        except Problem as problem:
            note(problem.code, str(problem))
    try:
        check_budget(request.node, request.store, start.id)
    except CannotRun as unfit:
        note("unfit", str(unfit))
    for issue in queue_issues(request.node):
        note("unhealthy", issue)
    for text in _unfit(request, start, version):
        note("unfit", text)
    return 200, {"problems": problems, "budgetLeft": left_of(request.node, request.store)}


def _unfit(request: Request, start: Start, version: Any) -> list[str]:
    """Why no machine fits a step. What the caller has yet to say, such as parameters, is none."""
    some = replace(start, packages=start.packages or ("N:package:any",))  # which ones is no matter
    try:
        planned(request.node, some, version, Who(request.caller, request.person))
    except CannotRun as unfit:
        return [str(unfit)]
    except AgentError:
        pass
    return []
