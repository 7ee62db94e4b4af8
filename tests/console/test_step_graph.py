"""The steps of a workflow as a tree."""

from __future__ import annotations

from pennsieve_agent.console.step_graph import rows
from pennsieve_agent.domain.workflows import Step, StepKind


def step(name: str, *after: str) -> Step:
    return Step(name, StepKind.PROCESSOR, after, f"https://github.com/lab/{name}", "v1")


INPUT = Step("input", StepKind.SOURCE)


def target(*after: str) -> Step:
    return Step("output", StepKind.TARGET, after, target_type="Pennsieve Dataset")


def test_a_line_goes_straight_down_however_long() -> None:
    line = [step(f"s{n}", f"s{n - 1}" if n else "input") for n in range(2000)]
    drawn = rows([INPUT, *line, target("s1999")])
    assert drawn[:2] == ["input", "• s0 (s0@v1)"]
    assert (len(drawn), drawn[-1]) == (2002, "■ output (Pennsieve Dataset)")


def test_a_diamond_is_drawn_once() -> None:
    steps = [INPUT, step("a", "input"), step("b", "a"), step("c", "a"), step("d", "b", "c")]
    assert rows([*steps, target("d")]) == [
        "input",
        "• a (a@v1)",
        "├─ • b (b@v1)",
        "│  → d",
        "└─ • c (c@v1)",
        "   • d (d@v1)",
        "   ■ output (Pennsieve Dataset)",
    ]


def test_several_inputs_and_a_circle_are_shown() -> None:
    two = [INPUT, Step("other", StepKind.SOURCE), step("a", "input", "other")]
    assert sorted(rows(two)) == sorted(["input", "→ a", "other", "• a (a@v1)"])
    assert rows([step("a", "b"), step("b", "a")]) == ["a after b", "b after a"]
