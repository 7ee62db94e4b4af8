"""The parameters of each run of a batch: those that were typed, and those of its row. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pennsieve_agent.domain.repeats import undeclared_in
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches import templates
from pennsieve_agent.services.batches.faults import Faults
from pennsieve_agent.services.batches.problems import some
from pennsieve_agent.services.batches.repeat_batch import merged, parameters_again
from pennsieve_agent.services.batches.selection import Choice, settings_of
from pennsieve_agent.services.batches.subjects import Subject
from pennsieve_agent.services.runs.start_problems import Problems

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

Parameters = Mapping[str, Mapping[str, str]]


def parameters_of(
    workflow: Workflow, subjects: Sequence[Subject], choice: Choice, *, undeclared: bool
) -> list[Parameters]:
    """The parameters of each subject.

    Raises:
        UsageProblem: some cannot be used, or have no value; all are told.
        MissingValueError: all subjects lack a value.
    """
    from pennsieve_agent.engine.run_parameters import (  # noqa: PLC0415 - few commands need it
        check_parameters,
        is_processor,
    )

    names = {
        known
        for step in workflow.steps
        if is_processor(step)
        for parameter in (*(p.name for p in step.parameters), *step.default_params)
        for known in (parameter, f"{step.id}.{parameter}")
    }
    typed = {text.partition("=")[0].strip() for text in choice.settings}
    if twice := sorted(typed & set(choice.columns)):
        raise UsageProblem(
            f"{some(twice)} is both a column of '{choice.table_name}' and a --param",
            hint="keep one of them",
        )
    faults, chosen = Faults(), list[Parameters]()
    for subject in subjects:
        settings = settings_of(subject, choice, names.__contains__)
        check = partial(check_parameters, workflow, settings, undeclared=undeclared)
        chosen.append(faults.of(subject, check) or {})
    problems = Problems()
    if choice.again is None:  # else they are merged with those that were
        _check_values(workflow, list(zip(subjects, chosen, strict=True)), faults, problems)
    problems.of(faults.refuse)
    if problems:
        raise problems.all("batch")
    return chosen


def _check_values(
    workflow: Workflow,
    chosen: Sequence[tuple[Subject, Parameters]],
    faults: Faults,
    problems: Problems,
) -> None:
    """Collect parameters without a value: those that all subjects lack are told once."""
    from pennsieve_agent.engine.run_parameters import missing_values  # noqa: PLC0415 - as above

    missing = [missing_values(workflow, values) for _, values in chosen]
    counts = Counter(one.message for lacking in missing for one in lacking)
    for (subject, _), lacking in zip(chosen, missing, strict=True):
        for one in lacking:
            if counts[one.message] < len(chosen):
                faults.add(subject, one)
            elif subject is chosen[0][0]:
                problems.take((None, one))


def check_without_files(workflow: Workflow, choice: Choice, *, undeclared: bool) -> None:
    """Check the parameters where it is not known which files the subjects have.

    Raises:
        UsageProblem: some cannot be used; all are told.
    """
    from pennsieve_agent.engine.run_parameters import (  # noqa: PLC0415 - as above
        check_parameters,
        check_values,
    )

    if choice.rows:
        where = f"'{choice.table_name}'"
        templates.check_names(choice.settings, ("subject", *choice.columns), where)
        rows = [Subject(row.subject, values=row.values, line=row.line) for row in choice.rows]
        parameters_of(workflow, rows, choice, undeclared=undeclared)
    elif not templates.names_in(choice.settings):  # else they depend on the subject
        check_values(workflow, check_parameters(workflow, choice.settings, undeclared=undeclared))


def as_before(
    workflow: Workflow, versions: Sequence[str], choice: Choice, chosen: list[Parameters]
) -> tuple[list[Parameters], bool, tuple[str, ...]]:
    """The parameters of a batch that is started again, and over them the ``chosen`` ones.

    Beside them: whether a step gets one that it does not declare, and what is not taken any more.
    """
    if (again := choice.again) is None:
        return chosen, False, ()
    is_same = again.workflow == workflow.uuid and again.versions == versions
    before, dropped = parameters_again(workflow, again, is_same=is_same)
    rows = [before[row.subject] for row in again.rows]
    more = any(undeclared_in(workflow, row) for row in rows)
    return [merged(row, over) for row, over in zip(rows, chosen, strict=True)], more, dropped
