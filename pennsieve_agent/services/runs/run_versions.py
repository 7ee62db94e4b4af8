"""Which version of a workflow a run takes: the one that all runs take, or one that was typed.

An own node runs versions that are registered there, and makes none of the parts of several. A run
on Pennsieve's nodes names a version of each step's code (``contracts/workflows.md`` 3.1), which its
App Store must have built.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pennsieve_agent.errors import Forbidden, NotFound, UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.nodes.node_documents import NodeWorkflow, WorkflowVersion


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed: a version of the whole workflow, or tags by step."""

    whole: str = ""
    tags: dict[str, str] = field(default_factory=dict)


def choice_of(typed: Sequence[str], steps: Collection[str]) -> Choice:
    """``VERSION``, or ``STEP=TAG`` for steps that are there.

    Raises:
        UsageProblem: one is empty, or two are for the same.
    """
    whole, tags = "", {}
    for text in typed:
        step, equals, tag = text.partition("=")
        is_step = bool(equals) and step in steps
        if not (tag if is_step else text).strip():
            raise UsageProblem(
                f"--version '{text}' does not name a version",
                hint="for example: --version v1.0.0, or --version STEP=v1.0.0",
            )
        if step in tags if is_step else bool(whole):
            raise UsageProblem(
                f"--version was given twice{f' for step {step!r}' if is_step else ''}",
                hint="give one",
            )
        if is_step:
            tags[step] = tag
        else:
            whole = text
    return Choice(whole, tags)


def named(names: Sequence[str], name: str) -> str:
    """A version by its name, or its unique beginning.

    Raises:
        UnknownName: none, or several, are called so.
    """
    fitting = [n for n in names if n == name] or [n for n in names if n.startswith(name)]
    if len(fitting) != 1:
        which = "several versions begin" if fitting else "no version is called, or begins"
        raise UnknownName(f"{which} with '{name}'", hint=f"the versions are: {', '.join(names)}")
    return fitting[0]


def version_on_node(
    workflow: NodeWorkflow, typed: Sequence[str], read: Callable[[str], WorkflowVersion]
) -> WorkflowVersion:
    """The version that a run on an own node takes; of several that fit, the newest.

    ``read`` answers a version by its name.

    Raises:
        UsageProblem: the node has none like it.
    """
    newest = read(workflow.newest)
    if not typed:
        return newest
    choice = choice_of(typed, {step.id for step in newest.workflow.processors})
    names = list(reversed(workflow.versions))
    if choice.whole:
        names = [named(names, choice.whole)]
    for name in names:
        version = newest if name == workflow.newest else read(name)
        tags = {step.id: step.tag for step in version.workflow.processors}
        if all(tags.get(step) == tag for step, tag in choice.tags.items()):
            return version
    pairs = " and ".join(f"{step}={tag}" for step, tag in choice.tags.items())
    raise UnknownName(
        f"no version of workflow '{workflow.name}' on this node has {pairs}, and a node runs what "
        "is registered there",
        hint=f"see them with: pennsieve workflow versions '{workflow.name}'",
    )


def on_pennsieve(
    workflow: Workflow, typed: Sequence[str], image: Callable[[str, str], object]
) -> Workflow:
    """A workflow as a run on Pennsieve's nodes takes it; ``image`` looks one up by URL and tag.

    Raises:
        UsageProblem: it is not said for which step, or Pennsieve has not built it.
    """
    if not typed:
        return workflow
    steps = workflow.processors
    choice = choice_of(typed, {step.id for step in steps})
    if choice.whole and len({step.source_url for step in steps}) > 1:
        raise UsageProblem(
            f"'{choice.whole}' does not say which step it is for: on a node that Pennsieve runs, a "
            "version is that of a step's code",
            hint=f"for example: --version {steps[0].id}={choice.whole}",
        )
    tags = dict.fromkeys((step.id for step in steps), choice.whole) | choice.tags
    chosen = {step.id: replace(step, tag=tags[step.id] or step.tag) for step in steps}
    for before in steps:
        step = chosen[before.id]
        if step.tag != before.tag:
            _check_built(step.id, step.source_url, step.tag, image)
    return replace(workflow, steps=tuple(chosen.get(step.id, step) for step in workflow.steps))


def _check_built(step: str, url: str, tag: str, image: Callable[[str, str], object]) -> None:
    try:
        image(url, tag)
    except (NotFound, Forbidden) as error:
        raise UsageProblem(
            f"Pennsieve has no version {tag} of the code of step '{step}' that you can use: "
            f"{error.message}",
            where=url,
            hint="see its versions with: pennsieve workflow app list",
        ) from None
