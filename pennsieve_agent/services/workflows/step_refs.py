"""Which version of its code each step of a workflow is to get. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.workflows.code_change import StepSource


@dataclass(frozen=True, slots=True)
class Ref:
    """A tag, branch or commit; empty for the newest version tag. ``is_kept``: what it has."""

    name: str = ""
    is_kept: bool = False


def step_refs(
    sources: Sequence[StepSource],
    to: Sequence[str],
    steps: Sequence[str],
    pinned: Collection[str],
) -> dict[str, Ref]:
    """What each step is to get. ``to`` is ``REF``, or ``STEP=REF``; ``steps`` are the only ones.

    Who is named, is moved. Others keep their versions where ``steps`` were typed, or where they
    are pinned, and else get the newest.

    Raises:
        UsageProblem: a step is not there, or it is not said for which step a version is.
    """
    names = [source.step for source in sources]
    if unknown := next((step for step in steps if step not in names), ""):
        raise UsageProblem(
            f"no step that runs code is called '{unknown}'", hint=f"its steps: {', '.join(names)}"
        )
    named = _named(sources, names, to, steps)
    refs = {}
    for source in sources:
        name = source.step
        is_kept = name not in named and (name not in steps if steps else name in pinned)
        refs[name] = Ref(_own(source), is_kept=True) if is_kept else Ref(named.get(name, ""))
    return refs


def _named(
    sources: Sequence[StepSource], names: Sequence[str], to: Sequence[str], steps: Sequence[str]
) -> dict[str, str]:
    named: dict[str, str] = {}
    for text in to:
        step, equals, ref = text.partition("=")
        if equals and step in names:
            if steps and step not in steps:
                raise UsageProblem(
                    f"--to {text} is for a step that --step leaves out",
                    hint=f"add: --step {step}",
                )
            named[step] = ref
        elif len(steps) == 1 or len({source.address for source in sources}) == 1:
            named |= dict.fromkeys(steps or names, text)
        else:
            raise UsageProblem(
                f"'{text}' does not say which step it is for",
                hint=f"for example: --to {names[0]}={text}; its steps are: {', '.join(names)}",
            )
    return named


def _own(source: StepSource) -> str:
    """The version that a step has; of an untagged commit, whose beginning is the tag, all of it."""
    is_commit = bool(source.tag) and source.commit.startswith(source.tag)
    return source.commit if is_commit else source.tag


def kept_words(
    sources: Sequence[StepSource], refs: Mapping[str, Ref], steps: Sequence[str]
) -> Iterator[str]:
    """What is said of pinned steps; where ``steps`` were typed, nobody wonders about others."""
    for source in sources if not steps else ():
        if refs[source.step].is_kept:
            yield (
                f"step '{source.step}' is pinned and keeps {source.words}; "
                f"move it with: --step {source.step} --to TAG"
            )
