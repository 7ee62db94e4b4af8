"""The graph of a composed workflow: what is wrong with it, and the steps that it becomes."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.command_lines import CommandLine
from pennsieve_agent.domain.composition import (
    ComposedStep,
    ComposedTarget,
    Composition,
    code_faults,
    ends_of,
    graph_faults,
    steps_of,
    with_commands,
)
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Checkout, Manifest, StepKind

MANIFEST = Manifest(
    "filter",
    parameters=(Parameter("LOW", ParameterType.NUMBER, default="1"),),
    cpu=512,
    memory=1024,
)


def step(name: str, *needs: str, **more: object) -> ComposedStep:
    return ComposedStep(name, f"lab/{name}@v1", needs or ("input",), **more)  # type: ignore[arg-type]


def whole(*steps: ComposedStep, targets: tuple[ComposedTarget, ...] | None = None) -> Composition:
    given = targets if targets is not None else (ComposedTarget("output", ends_of(steps)),)
    return Composition("rates", steps, given)


def code(*names: str) -> list[Checkout]:
    return [Checkout(f"https://github.com/lab/{n}", "v1", n * 8, MANIFEST) for n in names]


DIAMOND = whole(step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


def faults(composition: Composition) -> list[tuple[str, str]]:
    return [(fault.place, fault.text) for fault in graph_faults(composition)]


def test_a_diamond_becomes_the_steps_of_a_definition() -> None:
    assert faults(DIAMOND) == []
    assert ends_of(DIAMOND.steps) == ("d",)
    steps = steps_of(DIAMOND, code("a", "b", "c", "d"), "standard")
    assert [(s.id, s.kind, s.depends_on) for s in steps] == [
        ("input", StepKind.SOURCE, ()),
        ("a", StepKind.PROCESSOR, ("input",)),
        ("b", StepKind.PROCESSOR, ("a",)),
        ("c", StepKind.PROCESSOR, ("a",)),
        ("d", StepKind.PROCESSOR, ("b", "c")),
        ("output", StepKind.TARGET, ("d",)),
    ]
    assert (steps[1].cpu, steps[1].memory, steps[1].tag) == (512, 1024, "v1")
    larger = steps_of(whole(step("a", cpu=4096, parameters={"LOW": "2"})), code("a"))[1]
    assert (larger.cpu, larger.memory, larger.default_params) == (4096, 1024, {"LOW": "2"})


@pytest.mark.parametrize(
    ("composition", "place", "text"),
    [
        (whole(step("a", "inptu")), "a", "needs 'inptu', which is not a step"),
        (whole(step("a"), step("b", "output")), "b", "needs 'output', which is not a step"),
        (whole(step("a", "a")), "a", "needs itself"),
        (whole(step("a", "input", "input")), "a", "needs the same step twice"),
        (whole(step("input")), "input", "is the id of two parts of the workflow"),
        (whole(step("a"), targets=(ComposedTarget("out", ()),)), "out", "takes no step's results"),
    ],
)
def test_what_is_wrong_with_a_graph(composition: Composition, place: str, text: str) -> None:
    assert (place, text) in faults(composition)


def test_a_circle_of_200_steps_is_told_in_a_line() -> None:
    steps = [step(f"s{n}", f"s{(n - 1) % 200}") for n in range(200)]
    ((_, text),) = faults(whole(*steps, targets=(ComposedTarget("output", ("s0",)),)))
    assert text.startswith("is in a circle: s")
    assert "more) → s" in text
    assert len(text) < 100
    two = whole(step("a", "b"), step("b", "a"), targets=(ComposedTarget("output", ("a",)),))
    ((place, text),) = faults(two)
    assert text == f"is in a circle: {place} → {'b' if place == 'a' else 'a'} → {place}"


def test_parameters_are_those_that_the_code_declares() -> None:
    wrong = whole(
        step("a", parameters={"LWO": "1"}), step("b", parameters={"LOW": "ten"}), step("c", "b")
    )
    told = [(f.place, f.text, f.hint) for f in code_faults(wrong, code("a", "b", "c"))]
    assert told == [
        ("a", "sets the parameter LWO, which its code does not declare", "did you mean LOW?"),
        ("b", "sets the parameter LOW, which must be a number, not 'ten'", ""),
    ]


def test_results_of_equal_steps_cannot_lie_in_one_folder() -> None:
    twins = [*code("b", "b"), *code("d")]
    (fault,) = code_faults(whole(step("b"), step("c"), step("d", "b", "c")), twins)
    assert (fault.place, "'b' and 'c', which are the same code" in fault.text) == ("d", True)
    other = whole(step("b"), step("c", parameters={"LOW": "2"}), step("d", "b", "c"))
    assert list(code_faults(other, twins)) == []


def test_images_have_the_parameters_that_are_read_or_set() -> None:
    line = CommandLine(("{input}", "{level}", "{who...}"), "participant")
    group = CommandLine(("{input}", "{level}"), "group")
    composed = whole(step("a", command=line, parameters={"n": "1"}), step("b", "a", command=group))
    images = [Checkout("docker://lab/app", "1", "f" * 64, Manifest("app"), image="x")] * 2
    code = with_commands(composed, images)
    assert list(code_faults(composed, code)) == []
    _, first, second, _ = steps_of(composed, code)
    assert [(p.name, p.default) for p in first.parameters] == [("n", None), ("who", None)]
    assert second.command == CommandLine(group.words, "group", continues="a")
    wide = whole(step("a"), step("b"), step("c", "a", "b", command=group))
    texts = [fault.text for fault in code_faults(wide, with_commands(wide, [*images, images[0]]))]
    assert any("is of level group, and needs not just" in text for text in texts)
