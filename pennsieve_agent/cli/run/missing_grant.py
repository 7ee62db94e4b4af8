"""A run whose workflow may not use the dataset yet: it is granted first, after a yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Prose

T = TypeVar("T")


def with_grant(context: Context, prepare: Callable[[], T], *, is_agreed: bool) -> T:
    """The run or batch that ``prepare`` makes, where need be after ``dataset grant``.

    Raises:
        NotGrantedError: it is not granted, and the person said no, or nobody can be asked.
    """
    from pennsieve_agent.services.runs.prepare_own_run import NotGrantedError

    try:
        return prepare()
    except NotGrantedError as problem:
        if not is_agreed and not context.streams.can_ask:
            raise
        question = f"{problem.message}; let it {problem.needed.words} the dataset"
        if not context.streams.confirm(question, assume=is_agreed):
            raise
        do_grant(context, problem.workflow, problem.dataset)
    return prepare()


def do_grant(context: Context, workflow: str, dataset: str) -> None:
    """Do ``dataset grant``; what it says goes to standard error, as the run is the result."""
    from pennsieve_agent.cli.dataset.grant import grant

    for shown in grant(context, workflow, dataset):
        if isinstance(shown.text, Prose):
            context.streams.note(shown.text.text)
        for note in shown.notes:
            context.streams.note(note)
