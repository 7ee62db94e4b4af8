"""A composed workflow as a file: what is read, what is refused, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.command_lines import CommandLine
from pennsieve_agent.domain.composition import (
    INPUT,
    ComposedStep,
    ComposedTarget,
    Composition,
    code_faults,
    ends_of,
    with_commands,
)
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Checkout, Manifest, Step, StepKind, Workflow
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.composition_schema import composition_schema
from pennsieve_agent.source.composition_yaml import composition_of, read_composition, written

DIAMOND = """\
name: rates
description: Spike rates, and a picture of them
layout: flat
steps:
  filter:
    uses: lab/filter@v1.2.0
    parameters:
      LOW: '0.5'
      NOTCH: 'true'
    cpu: 2048
    memory: 4096
  features:
    uses: lab/features@v1.0.0
    needs:
    - filter
  plot:
    uses: ./plot
    needs:
    - filter
    disk: 40
  report:
    uses: lab/report
    needs:
    - features
    - plot
"""


def test_a_file_is_read_and_written_the_same() -> None:
    read = read_composition(DIAMOND.encode(), "workflow.yaml")
    assert read.faults == ()
    composition = read.composition
    assert [(s.id, s.uses, s.needs) for s in composition.steps] == [
        ("filter", "lab/filter@v1.2.0", ("input",)),
        ("features", "lab/features@v1.0.0", ("filter",)),
        ("plot", "./plot", ("filter",)),
        ("report", "lab/report", ("features", "plot")),
    ]
    assert composition.targets == (ComposedTarget("output", ("report",)),)
    assert composition.disk == {"plot": 40}
    assert written(composition) == DIAMOND
    assert read_composition(DIAMOND.replace("\n", "\r\n").encode(), "x").composition == composition


def test_values_are_sent_as_text_whatever_yaml_takes_them_for() -> None:
    values = b"{N: 010, F: 1.50, B: yes, S: 'no'}"
    text = b"name: x\nsteps: {a: {uses: lab/a, needs: input, parameters: " + values + b"}}"
    read = read_composition(text, "w.yaml")
    (step,) = read.composition.steps
    assert (read.faults, step.needs) == ((), ("input",))
    assert step.parameters == {"N": "8", "F": "1.50", "B": "true", "S": "no"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: {a: {uses: lab/a}}", ["the file lacks name"]),
        ("name: x", ["the file lacks steps"]),
        ("name: x\nsteps: {}", ["steps has no step"]),
        ("name: x\nsteps: [a]", ["steps must be a set of names, each with its keys below it"]),
        ("name: x\nsteps: {a: lab/a}", ["steps.a must be a set of keys and values"]),
        (
            "name: x\nsteps: {a: {use: lab/a}}",
            ["steps.a.use is not a key of a part of a workflow", "steps.a lacks uses"],
        ),
        (
            "name: x\nlayout: tre\nsteps: {a: {uses: lab/a, cpu: two, memory: 999999, disk: 5}}",
            [
                "layout must be one of tree, flat",
                "steps.a.cpu must be a number",
                "steps.a.memory is too large",
                "steps.a.disk must be from 21 to 200 GiB",
            ],
        ),
        (
            "name: x\nsteps: {a: {uses: lab/a, needs: b}}",
            ["steps.a needs 'b', which is not a step"],
        ),
        (
            "name: x\nsteps:\n  a: {uses: lab/a, needs: b}\n  b: {uses: lab/b, needs: a}",
            ["is in a circle"],
        ),
        ("name: x\nsteps: {a: {uses: lab/a}, a: {uses: lab/b}}", ["steps.a appears twice"]),
        (
            "name: x\nsteps: {a: {uses: lab/a}}\ntargets: {t: {target: S3}}",
            ["targets.t.target must be one of Pennsieve Dataset"],
        ),
    ],
)
def test_all_that_is_wrong_is_told_with_its_line(text: str, told: list[str]) -> None:
    faults = read_composition(text.encode(), "w.yaml").faults
    assert len(faults) >= len(told)
    for sentence in told:
        (fault,) = [fault for fault in faults if sentence in fault.message]
        assert str(fault.where).startswith("w.yaml, line ")


def test_the_line_is_that_of_the_step() -> None:
    broken = DIAMOND.replace("    - plot\n", "    - plots\n")
    (fault,) = read_composition(broken.encode(), "workflow.yaml").faults
    assert (fault.message, fault.where, fault.hint) == (
        "steps.report needs 'plots', which is not a step",
        "workflow.yaml, line 21",
        "did you mean plot?",
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"name: caf\xe9", "is not text"),
        (b"name: [", "is not YAML"),
        (b"a: &a [x]\nb: [*a, *a]", "uses an alias"),
        (b"[" * 100, "nested too deep"),
        (b"#" * 300_000, "larger than 256 kB"),
        (b"- a\n", "must be a set of keys"),
    ],
)
def test_what_is_no_workflow_at_all(data: bytes, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        read_composition(data, "w.yaml")


names = st.text("abcdefgh-_.0123456789é ", min_size=1, max_size=12).filter(lambda t: t.strip() == t)
values = st.dictionaries(
    st.from_regex(r"[A-Z_]{1,6}", fullmatch=True), st.text(max_size=8), max_size=3
)
printable = values.map(
    lambda row: {k: "".join(c for c in v if c.isprintable()) for k, v in row.items()}
)


@st.composite
def compositions(draw: st.DrawFn) -> Composition:
    ids = draw(st.lists(names, min_size=2, max_size=8, unique=True))
    number = draw(st.integers(0, 2))
    inputs, rest = tuple(ids[: min(number, len(ids) - 2)]), ids[min(number, len(ids) - 2) :]
    target, *steps = rest
    made: list[ComposedStep] = []
    for name in steps:
        earlier = [*inputs, *(step.id for step in made)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        sizes = draw(st.tuples(st.sampled_from([0, 256, 4096]), st.sampled_from([0, 3072])))
        disk = draw(st.sampled_from([0, 21, 200]))
        kind = draw(st.sampled_from(["", "gpu", "lambda"]))
        uses = f"lab/{draw(st.sampled_from('abc'))}@v1"
        made.append(ComposedStep(name, uses, tuple(needs), draw(printable), kind, *sizes, disk))
    needs = draw(st.lists(st.sampled_from([s.id for s in made]), min_size=1, unique=True))
    targets = draw(
        st.sampled_from(
            [
                (ComposedTarget("output", ends_of(made)),) if "output" not in ids else (),
                (ComposedTarget(target, tuple(needs), "persistent-layer", {"layerName": "x"}),),
                (),
            ]
        )
    )
    return Composition(
        draw(names), tuple(made), targets, inputs, "", draw(st.sampled_from(["", "flat"]))
    )


@given(compositions())
def test_every_graph_comes_back_as_it_was(composition: Composition) -> None:
    text = written(composition)
    read = read_composition(text.encode(), "w.yaml")
    assert (read.faults, read.composition) == ((), composition)
    jsonschema.validate(yaml.safe_load(text), composition_schema())


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x"},
        {"name": "x", "steps": {}},
        {"name": "x", "steps": {"a": {}}},
        {"name": "x", "steps": {"a": {"uses": "b", "disk": 5}}},
        {"name": "x", "steps": {"a": {"uses": "b", "use": "b"}}},
        {"name": "x", "steps": {"a": {"uses": "b"}}, "targets": {"t": {"target": "S3"}}},
    ],
)
def test_the_schema_refuses_what_is_refused(document: dict[str, Any]) -> None:
    assert read_composition(yaml.safe_dump(document).encode(), "w.yaml").faults
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, composition_schema())


IMAGES = """\
name: brains
steps:
  quality:
    uses: docker://nipreps/mriqc:24.0.2
    parameters:
      subject: 01 02
    cpu: 4096
    memory: 16384
    bids: participant
  group:
    uses: docker://nipreps/mriqc:24.0.2
    needs:
    - quality
    bids: group
  table:
    uses: docker://ghcr.io/lab/table:1
    needs:
    - group
    command: '{input} --out={output} [ -n {threads} ]'
"""


def test_images_and_command_lines_are_read_and_written_the_same() -> None:
    read = read_composition(IMAGES.encode(), "workflow.yaml")
    assert read.faults == ()
    first, second, third = (step.command for step in read.composition.steps)
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.bids, second.bids, third.names) == ("participant", "group", ("threads",))
    assert written(read.composition) == IMAGES
    jsonschema.validate(yaml.safe_load(IMAGES), composition_schema())


def test_typed_parameters_of_an_image_are_written_and_read_the_same() -> None:
    threads = Parameter("threads", ParameterType.NUMBER, "2")
    label, needed = Parameter("label", default="x"), Parameter("needed")
    step = Step(
        "table",
        StepKind.PROCESSOR,
        (INPUT,),
        "docker://ghcr.io/lab/table",
        "1",
        parameters=(threads, label, needed),
        default_params={"threads": "4"},
        command=CommandLine(("{input}", "{threads}", "{label}", "{needed}")),
    )
    workflow = Workflow("w-1", "tables", steps=(Step(INPUT, StepKind.SOURCE), step))
    text = written(composition_of(workflow, ["docker://ghcr.io/lab/table"]))
    read = read_composition(text.encode(), "workflow.yaml")
    assert read.faults == ()
    (again,) = read.composition.steps
    assert again.declared == (replace(threads, default="4"), label)
    assert again.parameters == {}, "a required text is what the command line brings back"
    assert written(read.composition) == text
    jsonschema.validate(yaml.safe_load(text), composition_schema())
    image = Checkout(step.source_url, "1", "c", Manifest("table"), image="x@sha256:0")
    (checkout,) = with_commands(read.composition, [image])
    assert checkout.manifest.parameters == (*again.declared, needed)
    code = replace(image, image="")
    fault, *_ = code_faults(read.composition, [code])
    assert "declares the parameter threads, which is for images" in fault.text


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ("{type: float}", "must be one of string, number, boolean"),
        ("{default: 2}", "lacks type"),
        ("{type: number, default: two}", "has a default that must be a number"),
    ],
)
def test_a_declaration_that_cannot_be_read(parameter: str, why: str) -> None:
    text = f"name: x\nsteps: {{a: {{uses: docker://a/b, parameters: {{n: {parameter}}}}}}}"
    (fault,) = read_composition(text.encode(), "w.yaml").faults
    assert why in fault.message


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('command: "x \'y"', "has a quotation mark that is not closed"),
        ("bids: session", "bids"),
    ],
)
def test_a_command_line_that_cannot_be_read(line: str, why: str) -> None:
    text = IMAGES.replace("bids: participant", line)
    (fault,) = read_composition(text.encode(), "workflow.yaml").faults
    assert why in str(fault)
    assert "line 9" in str(fault.where)
