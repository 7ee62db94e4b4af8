"""What a repository says of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.manifest import read

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


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        (HEAD + "parametres: []\n", "line 3", "parametres is not a key", "mean parameters?"),
        (HEAD + "Description: x\n", "line 3", "Description is not", "mean description?"),
        (HEAD + "zzz: 1\n", "line 3", "zzz is not a key", "possible are: .*schemaVersion"),
        (HEAD + "runtime:\n  cpu: 1\n", "line 4", r"runtime\.cpu is not a key", "gpu"),
        (HEAD + "runtime: {gpu: {n: 1}}\n", "line 3", r"gpu\.n is not", "count"),
        (HEAD + "[a]: 1\n", "line 3", "not a key", ""),
        (HEAD + "name: y\n", "line 3", "name is there twice", ""),
        ("name: x\n", "line 1", "lacks schemaVersion", "add a line"),
        ('schemaVersion: "1.0"\nname:\n', "line 1", "lacks name", ""),
        ('schemaVersion: "1.0"\nname: " "\n', "line 2", "name must not be empty", ""),
        ('schemaVersion: "2.0"\nname: x\n', "line 1", 'must be "1.0"', 'schemaVersion: "1.0"'),
        ("schemaVersion: 1.0\nname: x\n", "line 1", "must be a text", "quotation"),
        (HEAD + "description: [a]\n", "line 3", "description must be a text", ""),
        (HEAD + "description: 5\n", "line 3", "description must be a text", ""),
        (HEAD + "applicationType: procesor\n", "line 3", "must be one of", "mean processor?"),
        (HEAD + "categories: Statistics\n", "line 3", "must be a list", "hyphen"),
        (HEAD + "categories: [Utility, Utility]\n", "line 3", "same item twice", ""),
        (HEAD + "tags: [a, '']\n", "line 3", r"tags\[2\] must not be empty", ""),
        (HEAD + "runtime: {computeTypes: [gpu]}\n", "line 3", "must be one of standard", ""),
        (HEAD + "runtime: {gpu: {count: 0}}\n", "line 3", "1 or more", ""),
        (HEAD + "resources: {cpu: 1000}\n", "line 3", "must be one of 256, 512", ""),
        (HEAD + "resources: {memory: lots}\n", "line 3", "must be a number", ""),
        (HEAD + "inputs: [{name: a}]\n", "line 3", r"inputs\[1\] lacks dataType", ""),
        (HEAD + "inputs: [{name: a, dataType: x}]\n", "line 3", "must be one of any", ""),
        ("- a\n", "line 1", "a set of keys", ""),
        (HEAD + "parameters:\n - a\n", "line 4", r"parameters\[1\] must be a set", ""),
    ],
)
def test_what_breaks_the_schema(text: str, where: str, message: str, hint: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        of(text)
    assert caught.value.where == f"app.yml, {where}"
    assert re.search(hint, caught.value.hint or "none at all")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{name: A}", r"parameters\[1\] lacks type"),
        ("{name: A, type: int}", "must be one of string, number, boolean, enum"),
        ("{name: A, type: unknown}", "must be one of"),
        ("{name: 1A, type: string}", "must be a name for a variable"),
        ("{name: a b, type: string}", "must be a name for a variable"),
        ("{name: A, type: string, required: 1}", "must be true or false"),
        ("{name: A, type: string, validValues: [a]}", "not a key"),
        ("{name: A, type: enum}", "lacks allowedValues"),
        ("{name: A, type: enum, allowedValues: []}", "at least one"),
        ("{name: A, type: enum, allowedValues: [[a]]}", "single value"),
        ("{name: A, type: enum, allowedValues: [a], default: b}", "must be one of a, not 'b'"),
        ("{name: A, type: number, default: ten}", "must be a number, not 'ten'"),
        ("{name: A, type: number, default: .inf}", "must be a number"),
        ("{name: A, type: number, default: 5, max: 4}", "must be at most 4"),
        ("{name: A, type: number, min: 5, max: 4}", "larger than max"),
        ("{name: A, type: boolean, default: 2}", "must be true or false"),
        ("{name: A, type: string, default: [a]}", "single value"),
        ("{name: A, type: string}\n- {name: A, type: number}", "name of an earlier one"),
    ],
)
def test_parameters_that_make_no_sense(parameter: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        of(f"{HEAD}parameters:\n- {parameter}\n")
    assert caught.value.hint


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
def test_a_broken_file(data: bytes, message: str, where: str | None) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        of(data)
    assert where in {None, caught.value.where}
    assert caught.value.hint


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
    ("data", "message", "where"),
    [
        (b'{"name": "x",\n 1}', "not JSON", "application.json, line 2, column 2"),
        (b"[]", "not a JSON object", "application.json"),
        (b'{"name": 1}', "name must be a text", "application.json"),
        (b"\xff", "not text", "application.json"),
        (b"[" * 100_000, "not JSON", None),
        (b" " * (256 * 1024 + 1), "larger", "application.json"),
    ],
)
def test_a_broken_older_file(data: bytes, message: str, where: str | None) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read({"application.json": data})
    assert where in {None, caught.value.where}


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
def test_nothing_but_a_source_error_comes_out(text: str) -> None:
    try:
        found = of(text)
    except SourceError:
        return
    assert found.name
