"""Parameters of a run: what was typed, checked against what the steps declare, and merged."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import AgentError, UsageProblem, together

HOST_NAMES = frozenset(
    {
        "PENNSIEVE_API_HOST",
        "PENNSIEVE_API_HOST2",
        "ENVIRONMENT",
        "REGION",
        "DEPLOYMENT_MODE",
    }
)
"""What a node tells every step about the platform (``contracts/workflows.md`` 5.2)."""

SECRET_NAMES = frozenset({"SESSION_TOKEN", "REFRESH_TOKEN", "CALLBACK_TOKEN"})
"""Tokens of Pennsieve, which steps get from the node and no parameter may replace."""

RESERVED_NAMES = (
    HOST_NAMES
    | SECRET_NAMES
    | frozenset(
        {
            *("EXECUTION_RUN_ID", "INTEGRATION_ID", "WORKFLOW_INSTANCE_ID"),
            *("INPUT_DIR", "OUTPUT_DIR", "DATASET_ID", "ORGANIZATION_ID", "TARGET_TYPE"),
            *("LLM_GOVERNOR_FUNCTION", "LAYERS_DIR", "LOGS_DIR", "TASK_TOKEN"),
        }
    )
)
"""Names of the container contract, which no parameter may take (``contracts/workflows.md`` 5.2)."""

RESERVED_PREFIX = "AWS_BATCH"
"""What names of variables may not begin with on AWS Batch, whoever sets them.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html
"""


def is_reserved(name: str) -> bool:
    """Whether neither a parameter nor a secret can have this name."""
    return name in RESERVED_NAMES or name.startswith(RESERVED_PREFIX)


def is_processor(step: Step) -> bool:
    """Whether a step runs code.

    A kind nobody knows counts as code, as it does for the platform's own client
    (``contracts/workflows.md`` 2.3).
    """
    return step.kind not in {StepKind.SOURCE, StepKind.TARGET}


def did_you_mean(wrong: str, names: Iterable[str], otherwise: str) -> str:
    """A hint for a mistyped name: the closest one, else ``otherwise`` and all of them."""
    known = sorted(set(names))
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wrong.casefold(), folded, n=1)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"{otherwise}: {', '.join(known)}" if known else f"{otherwise}: none"


def check_parameters(
    workflow: Workflow, settings: Sequence[str], *, undeclared: bool = False
) -> Mapping[str, Mapping[str, str]]:
    """What was typed as ``NAME=VALUE`` or ``step.NAME=VALUE``, keyed by step id.

    A plain name goes to every processor that declares it; the same name with a step wins there.
    Names compare exactly, values may hold ``=``. Most public processors declare nothing and read
    what they like (``contracts/upstream-2026-11.md`` 5), so where nothing is declared, or with
    ``undeclared``, a name goes to every processor; :func:`undeclared_notes` says so.

    Raises:
        UsageProblem: not of that form, given twice, no such step or parameter, or a value that
            does not fit; the message names the parameter, the rule and the step.
        SeveralProblems: several of these.

    """
    steps = {step.id: step for step in workflow.steps if is_processor(step)}
    problems: list[AgentError] = []
    typed = _split(settings, problems)
    chosen: dict[str, dict[str, str]] = {}
    is_open = undeclared or declares_none(workflow)
    for name in sorted(typed, key=_has_step):
        try:
            for step, parameter in _meant(name, steps, is_open=is_open):
                value = _checked(step, parameter, typed[name])
                chosen.setdefault(step.id, {})[parameter] = value
        except UsageProblem as problem:
            problems.append(problem)
    if problems:
        raise together(problems)
    return chosen


def _split(settings: Sequence[str], problems: list[AgentError]) -> dict[str, str]:
    """Names and values; what is not of that form is added to the problems."""
    typed: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            hint = "write it as NAME=VALUE or step.NAME=VALUE"
            problems.append(UsageProblem(f"'{text}' is not a valid parameter", hint=hint))
        elif name in typed:
            what = f"parameter '{name}' was given twice"
            problems.append(UsageProblem(what, hint="keep one of them"))
        else:
            typed[name] = value
    return typed


class MissingValueError(UsageProblem):
    """A parameter of a step needs a value, and has none."""

    def __init__(self, step: Step, parameter: Parameter) -> None:
        super().__init__(
            f"parameter '{parameter.name}' of step '{step.id}' needs a value",
            hint=f"add --param {parameter.name}=VALUE",
        )
        self.step, self.parameter = step.id, parameter


def check_values(workflow: Workflow, chosen: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a run in which a step lacks the value of a parameter.

    Raises:
        MissingValueError: one is missing.
        SeveralProblems: several are.
    """
    if missing := missing_values(workflow, chosen):
        raise together(missing)


def missing_values(
    workflow: Workflow, chosen: Mapping[str, Mapping[str, str]]
) -> list[MissingValueError]:
    """The values that steps lack."""
    return [
        MissingValueError(step, parameter)
        for step in workflow.steps
        if is_processor(step)
        for parameter in _missing(step, _all_values(step, chosen.get(step.id, {})))
    ]


def _all_values(step: Step, values_set: Mapping[str, str]) -> dict[str, str]:
    """Defaults of the application, of the definition, and the run's values; later ones win."""
    defaults = {p.name: p.default for p in step.parameters if p.default is not None}
    return {**defaults, **step.default_params, **values_set}


def _missing(step: Step, values: Mapping[str, str]) -> list[Parameter]:
    def lacks(parameter: Parameter) -> bool:
        value = values.get(parameter.name)
        return value is None or (parameter.required and not value.strip())

    return [parameter for parameter in step.parameters if lacks(parameter)]


def declares_none(workflow: Workflow) -> bool:
    """Whether no processor of a workflow declares a parameter."""
    return not any(_names(step) for step in workflow.steps if is_processor(step))


def undeclared_notes(workflow: Workflow, chosen: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A sentence for each chosen parameter that the step it goes to does not declare."""
    steps: dict[str, list[str]] = {}
    for step in workflow.steps:
        for name in sorted(set(chosen.get(step.id, {})) - _names(step)):
            steps.setdefault(name, []).append(step.id)
    return [
        f"no step declares parameter '{name}'; it is passed unchanged to {_listed(ids)}"
        for name, ids in steps.items()
    ]


def _listed(ids: Sequence[str]) -> str:
    return f"{'step' if len(ids) == 1 else 'steps'} {', '.join(ids)}"


def merged(
    step: Step, values_set: Mapping[str, str], *, undeclared: bool = False
) -> dict[str, str]:
    """All parameters of a processor as its program sees them.

    Later wins: the application's defaults, the definition's, the run's
    (``contracts/workflows.md`` 3.1). ``undeclared`` takes names that the step does not declare.

    Raises:
        UsageProblem: an unknown or reserved name, a value that does not fit, or one missing.

    """
    known = _names(step)
    for name in values_set:
        if name not in known:
            _refuse_reserved(name, step)
            if not undeclared:
                raise _unknown(name, [step])
    values = _all_values(step, values_set)
    for parameter in _missing(step, values):
        raise MissingValueError(step, parameter)
    return {name: _checked(step, name, value) for name, value in values.items()}


def _has_step(name: str) -> bool:
    return "." in name


def _names(step: Step) -> set[str]:
    return {*(parameter.name for parameter in step.parameters), *step.default_params}


def _meant(name: str, steps: Mapping[str, Step], *, is_open: bool) -> list[tuple[Step, str]]:
    """The steps a typed name goes to, with the parameter's name there."""
    step_id, dot, parameter = name.rpartition(".")
    if not dot:
        takers = [step for step in steps.values() if name in _names(step)]
        if not takers and not is_open:
            raise _unknown(name, list(steps.values()))
        return [(step, name) for step in takers or steps.values()]
    if step_id not in steps:
        raise UsageProblem(
            f"no processor of the workflow is called '{step_id}'",
            hint=did_you_mean(step_id, steps, "its processors"),
        )
    if parameter not in _names(steps[step_id]) and not is_open:
        raise _unknown(parameter, [steps[step_id]])
    return [(steps[step_id], parameter)]


def _unknown(name: str, steps: Sequence[Step]) -> UsageProblem:
    names = {known for step in steps for known in _names(step)}
    where = f"step '{steps[0].id}'" if len(steps) == 1 else "no step of the workflow"
    has = "has no" if len(steps) == 1 else "has a"
    meant = did_you_mean(name, names, "its parameters" if len(steps) == 1 else "their parameters")
    return UsageProblem(
        f"{where} {has} parameter called '{name}'",
        hint=f"{meant} (to pass it anyway: --undeclared)",
    )


def _refuse_reserved(name: str, step: Step) -> None:
    if is_reserved(name):
        who = "AWS Batch" if name.startswith(RESERVED_PREFIX) else "the platform"
        raise UsageProblem(
            f"'{name}' cannot be a parameter of step '{step.id}': {who} uses that name",
            hint="give the parameter another name",
        )


def _checked(step: Step, name: str, value: str) -> str:
    """The value as it is sent.

    An empty value means "not set" wherever it is allowed to be, so only texts with a list of
    allowed values and the other types are checked when there is something to check.
    """
    _refuse_reserved(name, step)
    if "\0" in value:
        raise UsageProblem(f"parameter '{name}' of step '{step.id}' must not hold a NUL character")
    parameter = _declared(step, name)
    if parameter is None or (not value and not parameter.required):
        return value
    try:
        return parameter.normalise(value)
    except ValueError as problem:
        raise UsageProblem(
            f"parameter '{name}' of step '{step.id}' {problem}",
            hint=parameter.description or f"give it again: --param {name}=VALUE",
        ) from None


def _declared(step: Step, name: str) -> Parameter | None:
    return next((parameter for parameter in step.parameters if parameter.name == name), None)
