"""The steps of a workflow as a tree: what reads whose results, from the input to the targets.

A step that reads the one above it stands straight below; several that do branch off. One that
several others lead to is drawn once, below the last of them; the others have an arrow to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from pennsieve_agent.console import cells
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.workflows import Step, StepKind

_CODE, _TARGET = "•", "■"


class StepGraph:
    """The steps of a workflow."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps

    def __call__(self, streams: Streams) -> str:
        """The tree, no line longer than the terminal is wide."""
        lines = rows(self._steps)
        if streams.out_is_terminal:
            lines = [cells.cut(line, streams.width - 1) for line in lines]
        return "\n".join(lines)


def rows(steps: Sequence[Step]) -> list[str]:
    """The lines of the tree."""
    by_id = {step.id: step for step in steps}
    parents = {
        step.id: list(dict.fromkeys(name for name in step.depends_on if name in by_id))
        for step in steps
    }
    try:
        order = list(TopologicalSorter(parents).static_order())
    except CycleError:
        return [f"{step.id} after {', '.join(step.depends_on) or 'nothing'}" for step in steps]
    place = {name: number for number, name in enumerate(order)}
    children: dict[str, list[str]] = {name: [] for name in order}
    for step in steps:
        for parent in parents[step.id]:
            children[parent].append(step.id)
    # Below the last of its parents, by which all that it reads has been drawn.
    homes = {name: max(above, key=place.__getitem__) for name, above in parents.items() if above}
    lines: list[str] = []
    tops = [step.id for step in reversed(steps) if not parents[step.id]]
    waiting = [(name, "", "", True) for name in tops]
    while waiting:  # no recursion: a line may have hundreds of steps
        name, first, below, is_here = waiting.pop()
        if not is_here:
            lines.append(f"{first}→ {name}")
            continue
        lines.append(f"{first}{_label(by_id[name])}")
        last = len(children[name]) - 1
        for number in range(last, -1, -1):
            child = children[name][number]
            arm, rest = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
            if not last:  # a line goes straight down
                arm = rest = ""
            waiting.append((child, below + arm, below + rest, homes[child] == name))
    return lines


def _label(step: Step) -> str:
    match step.kind:
        case StepKind.SOURCE:
            return step.id
        case StepKind.TARGET:
            return f"{_TARGET} {step.id} ({step.target_type})"
        case _:
            code = step.source_url.rstrip("/").rpartition("/")[2] or step.source_url
            tag = f"@{step.tag}" if step.tag else ""
            return f"{_CODE} {step.id} ({code}{tag})"
