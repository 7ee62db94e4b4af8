"""Whether a run could start on the node now, asked before it is asked for: all that hinders it.

The node has the last word when the run is asked for; this tells everything at once, and starts and
writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.api.account_limits import missing_images, quotas_of, too_small
from pennsieve_agent.node.api.health import queue_issues
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.api.start_run import check_identity, earlier_run
from pennsieve_agent.node.records.run_record import JobKind, JobRecord
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import moves_files
from pennsieve_agent.node.runs.month_budget import left_of
from pennsieve_agent.node.runs.own_run import Who, access_needed, planned
from pennsieve_agent.node.runs.plan_jobs import CannotRun, check_budget
from pennsieve_agent.node.runs.take_over import check_kept, taken_steps


def checked(request: Request) -> Reply:
    """What hinders the run of a start document without files and parameters.

    ``{problems: [{code, message}], budgetLeft, quotas: [{name, processors}]}``: ``budgetLeft`` is
    what is left of this month's budget in USD, null where the node has none; ``quotas`` are those
    of the AWS account that the run counts for.
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
    jobs = _jobs(request, start, version)
    sized: Sequence[JobRecord] = () if isinstance(jobs, str) else jobs
    quotas = quotas_of(request.node, sized, spot=start.limits.get("spot") is True)
    texts = [
        *_without_identity(request, start, version),
        *(("unfit", text) for text in _without_budget(request, start)),
        *(("unfit", text) for text in _not_kept(request, start)),
        *(("unhealthy", issue) for issue in queue_issues(request.node)),
        *(("no-image", text) for text in missing_images(request.node, version)),
        *((("unfit", jobs),) if isinstance(jobs, str) else ()),
        *(("unfit", text) for text in too_small(request.node, sized, quotas)),
    ]
    return 200, {
        "problems": [{"code": code, "message": message} for code, message in texts],
        "budgetLeft": left_of(request.node, request.store),
        "quotas": [{"name": quota.name, "processors": value} for quota, value in quotas],
    }


def _without_identity(
    request: Request, start: Start, version: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    # Without a grant there may be no key yet, which granting makes: the client tells of the grant.
    need = access_needed(version)
    if moves_files(version) and request.registry.allows(start.workflow, start.dataset, need):
        try:
            check_identity(request, version, need)
        except Problem as problem:
            yield problem.code, str(problem)


def _without_budget(request: Request, start: Start) -> Iterator[str]:
    try:
        check_budget(request.node, request.store, start.id)
    except CannotRun as unfit:
        yield str(unfit)


def _not_kept(request: Request, start: Start) -> Iterator[str]:
    """Why steps of an earlier run cannot be taken over; whether all is as it was is seen later."""
    if not start.goes_on:
        return
    try:
        earlier = earlier_run(request, start)
        check_kept(request.node, request.store, earlier, start.id)
        taken_steps(earlier, str(start.goes_on["step"]))
    except (CannotRun, Problem) as unfit:
        yield str(unfit)


def _jobs(request: Request, start: Start, version: Any) -> list[JobRecord] | str:
    """The jobs of its steps, or why no machine fits one.

    What the caller has yet to say, such as parameters, does not count.
    """
    some = replace(start, packages=start.packages or ("N:package:any",))  # which ones is no matter
    try:
        record = planned(request.node, some, version, Who(request.caller, request.person))
    except CannotRun as unfit:
        return str(unfit)
    except AgentError:
        return []
    return [job for job in record.jobs if job.kind is JobKind.PROCESS]
