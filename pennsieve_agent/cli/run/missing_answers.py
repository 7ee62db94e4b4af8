"""A run or batch that lacks a grant or the value of a parameter: these are asked for first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import AgentError, SeveralProblems, together

if TYPE_CHECKING:
    from pennsieve_agent.engine.run_parameters import MissingValueError
    from pennsieve_agent.services.runs.granted_on_node import NotGrantedError
    from pennsieve_agent.services.runs.run_request import RunOptions

T = TypeVar("T")


def with_answers(
    context: Context,
    prepare: Callable[[RunOptions], T],
    request: RunOptions,
    *,
    dry_run: bool,
    what: str = "run",
) -> tuple[T, RunOptions]:
    """What ``prepare`` makes, where need be after questions, and the options then.

    ``what`` is the word for it.

    Where anything else is wrong, nothing is asked: all of it is told at once. A dry run asks for
    values, and grants nothing.

    Raises:
        AgentError: something else is wrong, the person said no, or nobody can be asked.
    """
    from pennsieve_agent.engine.run_parameters import MissingValueError
    from pennsieve_agent.services.runs.granted_on_node import NotGrantedError

    try:
        return prepare(request), request
    except AgentError as error:
        problems = error.problems if isinstance(error, SeveralProblems) else (error,)
        values = [one for one in problems if isinstance(one, MissingValueError)]
        grants = [one for one in problems if isinstance(one, NotGrantedError)]
        others = len(problems) - len(values) - len(grants)
        if others and grants and request.grant:  # granting it comes later, and is agreed to
            left = [one for one in problems if one not in grants]
            raise together(left, f"this {what} cannot start") from None
        if others or (values and not context.streams.can_ask):
            raise
        if grants and (dry_run or not (request.grant or context.streams.can_ask)):
            raise
        request = replace(request, parameters=(*request.parameters, *_values(context, values)))
        for grant in grants:
            if not _granted(context, grant, is_agreed=request.grant):
                raise
    return prepare(request), request


def _values(context: Context, missing: list[MissingValueError]) -> list[str]:
    """What the person types for each parameter; one of several steps is asked for once."""
    answers: dict[str, str] = {}
    for one in missing:
        if (name := one.parameter.name) not in answers:
            question = f"{name}, {words}" if (words := one.parameter.description) else name
            if one.parameter.allowed:
                question += f" ({', '.join(one.parameter.allowed)})"
            answers[name] = context.streams.ask(question, instead=str(one.hint))
    return [f"{one.step}.{one.parameter.name}={answers[one.parameter.name]}" for one in missing]


def _granted(context: Context, problem: NotGrantedError, *, is_agreed: bool) -> bool:
    """Do ``dataset grant`` after a yes; what it says goes to standard error."""
    from pennsieve_agent.cli.run.missing_grant import do_grant

    question = f"{problem.message}; let it {problem.needed.words} the dataset"
    if not context.streams.confirm(question, assume=is_agreed):
        return False
    do_grant(context, problem.workflow, problem.dataset)
    return True
