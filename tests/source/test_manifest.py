"""What a repository says of itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.manifest import read

NUMBER, ENUM = ParameterType.NUMBER, ParameterType.ENUM

FULL = """$schema: https://app.pennsieve.io/static/schemas/app-manifest.v1.json
schemaVersion: "1.0"
name: spike-rate
description: >-
  Counts
  spikes
applicationType: processor
categories: [Quantification, Quality Control]
tags: [eeg]
runtime:
  computeTypes: [standard, lambda]
  gpu: {enabled: false, count: 1, type: nvidia-t4}
resources:
  cpu: 1024
  memory: 2048
parameters:
  - {name: THRESHOLD, type: number, default: 4.5, min: 0, max: 10, label: Threshold}
  - {name: COUNT, type: number, default: 0x10}
  - {name: KEEP, type: boolean, default: yes, description: " Keep it "}
  - {name: MODE, type: enum, allowedValues: [fast, 1, no], default: no, required: true}
  - {name: TEXT, type: string, default: 007}
  - {name: FREE, type: string, default: "", required: false}
  - {name: EMPTY, type: string, default:}
inputs:
  - {name: raw, dataType: timeseries, required: true, description: x}
outputs:
  - {name: rates, dataType: tabular}
"""
HEAD = 'schemaVersion: "1.0"\nname: x\n'


def of(text: str | bytes) -> Manifest:
    return read({"app.yml": text if isinstance(text, bytes) else text.encode()}, "repo")


def test_everything_a_manifest_can_say() -> None:
    number, boolean = ParameterType.NUMBER, ParameterType.BOOLEAN
    assert of(FULL) == Manifest(
        name="spike-rate",
        description="Counts spikes",
        cpu=1024,
        memory=2048,
        compute_types=("standard", "lambda"),
        file="app.yml",
        parameters=(
            Parameter("THRESHOLD", number, "4.5", "Threshold", minimum=0, maximum=10),
            Parameter("COUNT", number, "16"),
            Parameter("KEEP", boolean, "true", description="Keep it"),
            Parameter("MODE", ParameterType.ENUM, "no", required=True, allowed=("fast", "1", "no")),
            Parameter("TEXT", default="7"),
            Parameter("FREE", default=""),
            Parameter("EMPTY"),
        ),
    )


def test_the_smallest_one() -> None:
    assert of(HEAD) == Manifest(name="x", file="app.yml")
    assert of(b"\xef\xbb\xbf" + HEAD.encode() + b"resources:\n") == Manifest("x", file="app.yml")


NEW = """schemaVersion: "1.0"
application:
  id: spike-count
  name: Spike count
  description: " Counts spikes. "
  type: processor
  version: 1.2.0
  maintainers:
    - {name: Ada Lovelace, email: ada@example.org}
  categories: [electrophysiology]
  tags: [eeg]
runtime:
  cpu: 1024
  memory: 8192
  computeTypes: [standard, gpu]
  timeoutSeconds: 3600
parameters:
  - {name: THRESHOLD, type: number, description: In microvolts., defaultValue: 5.5}
  - {name: METHOD, type: string, validValues: [simple, adaptive]}
  - {name: FREE, type: string, required: false}
inputs:
  - {name: raw, dataType: TimeSeries}
"""


def test_the_newer_form() -> None:
    assert of(NEW) == Manifest(
        name="Spike count",
        description="Counts spikes.",
        cpu=1024,
        memory=8192,
        compute_types=("standard", "gpu"),
        timeout_seconds=3600,
        file="app.yml",
        sizes_key="runtime",
        parameters=(
            Parameter("THRESHOLD", ParameterType.NUMBER, "5.5", description="In microvolts."),
            Parameter("METHOD", required=True, allowed=("simple", "adaptive")),
            Parameter("FREE"),
        ),
    )


def test_a_size_that_the_schema_lacks_is_used_with_a_note() -> None:
    found = of(NEW.replace("8192", "12288"))
    assert found.memory == 12288
    (note,) = map(str, found.notes)
    assert note.startswith("app.yml, line 14: runtime.memory is 12288, which is not one of")
    assert note.endswith("it is used all the same")
    assert found.breaks_schema
    assert found.lines["memory"] == 14
    assert replace(found, notes=(), memory=8192) == of(NEW)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (HEAD + "parametres: []\n", "line 3", "parametres is not a key.*mean parameters?"),
        (HEAD + "Description: x\n", "line 3", "Description is not.*mean description?"),
        (HEAD + "zzz: 1\n", "line 3", "zzz is not a key"),
        (HEAD + "runtime:\n  spu: 1\n", "line 4", r"runtime\.spu is not a key"),
        (HEAD + "runtime: {gpu: {n: 1}}\n", "line 3", r"gpu\.n is not"),
        (HEAD + "[a]: 1\n", "line 3", "not a key"),
        (HEAD + "name: y\n", "line 3", "name appears twice"),
        ("name: x\n", "line 1", "lacks schemaVersion"),
        ('schemaVersion: "1.0"\nname:\n', "line 1", "lacks name"),
        ('schemaVersion: "1.0"\napplication: {id: x}\n', "line 2", "application lacks name"),
        ('schemaVersion: "1.0"\nname: " "\n', "line 2", "name must not be empty"),
        ('schemaVersion: "2.0"\nname: x\n', "line 1", 'must be "1.0"'),
        ("schemaVersion: 1.0\nname: x\n", "line 1", "must be a text"),
        (HEAD + "description: [a]\n", "line 3", "description must be a text"),
        (HEAD + "description: 5\n", "line 3", "description must be a text"),
        (HEAD + "applicationType: procesor\n", "line 3", "must be one of.*mean processor?"),
        (HEAD + "categories: Statistics\n", "line 3", "must be a list"),
        (HEAD + "categories: [Utility, Utility]\n", "line 3", "same item twice"),
        (HEAD + "tags: [a, '']\n", "line 3", r"tags\[2\] must not be empty"),
        (HEAD + "runtime: {computeTypes: [tpu]}\n", "line 3", "must be one of standard"),
        (HEAD + "runtime: {gpu: {count: 0}}\n", "line 3", "1 or more"),
        (HEAD + "runtime: {timeoutSeconds: -5}\n", "line 3", "1 or more"),
        (HEAD + "resources: {cpu: 1000}\n", "line 3", "is 1000, which is not one of 256, 512"),
        (HEAD + "resources: {memory: lots}\n", "line 3", "must be a number"),
        (HEAD + "inputs: [{name: a}]\n", "line 3", r"inputs\[1\] lacks dataType"),
        (HEAD + "inputs: [{name: a, dataType: x}]\n", "line 3", "must be one of any"),
        ("- a\n", "line 1", "a set of keys"),
        (HEAD + "parameters:\n - a\n", "line 4", r"parameters\[1\] must be a set"),
    ],
)
def test_what_breaks_the_schema_is_noted(text: str, where: str, message: str) -> None:
    manifest = of(text)
    notes = [str(note) for note in manifest.notes]
    assert re.search(message, notes[0])
    assert notes[0].startswith(f"app.yml, {where}: ")
    assert manifest.breaks_schema


@pytest.mark.parametrize(
    ("parameter", "message", "left"),
    [
        ("{name: A}", r"parameters\[1\] lacks type", Parameter("A")),
        ("{type: string}", "has no name, so it is left out", None),
        ("{name: A, type: int}", "must be one of string, number, boolean, enum", Parameter("A")),
        ("{name: A, type: unknown}", "must be one of", Parameter("A")),
        ("{name: 1A, type: string}", "must be a name for a variable", None),
        ("{name: a b, type: string}", "must be a name for a variable", None),
        ("{name: A, type: string, required: 1}", "must be true or false", Parameter("A")),
        ("{name: A, type: string, values: [a]}", "not a key", Parameter("A")),
        ("{name: A, type: enum}", "lacks allowedValues", Parameter("A", ENUM)),
        ("{name: A, type: enum, allowedValues: []}", "at least one", Parameter("A", ENUM)),
        ("{name: A, type: enum, allowedValues: [[a]]}", "single value", Parameter("A", ENUM)),
        (
            "{name: A, type: enum, allowedValues: [a], default: b}",
            "must be one of a, not 'b'",
            Parameter("A", ENUM, allowed=("a",)),
        ),
        (
            "{name: A, type: number, default: ten}",
            "must be a number, not 'ten'",
            Parameter("A", NUMBER),
        ),
        ("{name: A, type: number, default: .inf}", "must be a number", Parameter("A", NUMBER)),
        (
            "{name: A, type: number, default: 5, max: 4}",
            "must be at most 4",
            Parameter("A", NUMBER, maximum=4),
        ),
        (
            "{name: A, type: number, min: 5, max: 4, default: 1}",
            "larger than max",
            Parameter("A", NUMBER, "1"),
        ),
        (
            "{name: A, type: boolean, default: 2}",
            "must be true or false",
            Parameter("A", ParameterType.BOOLEAN),
        ),
        ("{name: A, type: string, default: [a]}", "single value", Parameter("A")),
        (
            "{name: A, type: string}\n- {name: A, type: number}",
            "name of an earlier one",
            Parameter("A"),
        ),
    ],
)
def test_parameters_that_make_no_sense_are_noted(
    parameter: str, message: str, left: Parameter | None
) -> None:
    found = of(f"{HEAD}parameters:\n- {parameter}\n")
    assert any(re.search(message, str(note)) for note in found.notes)
    assert found.breaks_schema
    assert found.parameters == ((left,) if left is not None else ())


@pytest.mark.parametrize(
    ("data", "message", "where"),
    [
        (HEAD.encode() + b"a: [1,\nb: 2\n", "not YAML", "app.yml, line 5, column 1"),
        (b"a:\n\t- b\n", "not YAML: found character", "app.yml, line 2, column 1"),
        (b"a: !!python/object/apply:os.system [id]\n", "not a key", "app.yml, line 1"),
        (b"a: &a [x]\nb: *a\n", "an alias", "app.yml, line 2"),
        (b"a: 1\n---\nb: 1\n", "not YAML", "app.yml, line 2, column 1"),
        (b"a: \0\n", "not YAML", "app.yml"),
        (b"[" * 200_000, "nested too deep", "app.yml, line 1"),
        (b"", "empty", "app.yml"),
        (b"\xff\xfe", "not text", "app.yml"),
        (b"#" * (256 * 1024 + 1), "larger than 256 kB", "app.yml"),
    ],
)
def test_a_broken_file_is_noted_and_not_used(data: bytes, message: str, where: str) -> None:
    found = of(data)
    notes = [str(note) for note in found.notes]
    assert any(note.startswith(where) and message in note for note in notes)
    assert replace(found, notes=()) == Manifest("repo", file="app.yml")


def test_the_older_format_gives_a_name() -> None:
    data = json.dumps(
        {"name": "old", "description": " d ", "version": 1, "inputs": [], "params": [{"a": 1}]}
    )
    assert read({"application.json": data.encode()}) == Manifest(
        "old", "d", file="application.json"
    )
    assert read({"application.json": b"{}"}, "repo").name == "repo"
    assert of(HEAD).name == read({"app.yml": HEAD.encode(), "application.json": b"{"}).name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"name": "x",\n 1}', "application.json, line 2, column 2: application.json is not JSON"),
        (b"[]", "application.json: application.json is not a JSON object"),
        (b'{"name": 1}', "application.json: name must be a text"),
        (b"\xff", "application.json: application.json is not text"),
        (b"[" * 100_000, "application.json is not JSON"),
        (b" " * (256 * 1024 + 1), "application.json is larger"),
    ],
)
def test_a_broken_older_file_is_noted(data: bytes, message: str) -> None:
    found = read({"application.json": data}, "repo")
    assert message in str(found.notes[0])
    assert found.name == "repo"


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    assert read(folder) == Manifest("lab")
    assert read(folder, "given") == Manifest("given")
    (folder / "app.yml").write_text(HEAD)
    assert read(folder).name == "x"
    (folder / "app.yml").unlink()
    (folder / "app.yml").mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        read(folder)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "type", "default", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["schemaVersion", "name", "parameters", "runtime", "resources", "inputs"])


@given(st.dictionaries(KEYS, VALUES, max_size=4).map(yaml.safe_dump) | st.text(max_size=40))
def test_nothing_is_ever_refused(text: str) -> None:
    assert of(text).name
