"""Each example is a complete workflow repository, with a manifest that the platform accepts."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydicom.datadict import tag_for_keyword

from pennsieve_agent.source.manifest import read
from tests.examples.running import EXAMPLES

REPOSITORIES = sorted(path.parent for path in EXAMPLES.glob("*/Dockerfile"))
# contracts/workflows.md 1.8 (b): nothing else is allowed at any level.
KEYS = {
    "": {
        *("schemaVersion", "$schema", "name", "description", "applicationType", "categories"),
        *("tags", "runtime", "resources", "parameters", "inputs", "outputs"),
    },
    "runtime": {"computeTypes", "gpu"},
    "resources": {"cpu", "memory"},
    "parameters": {
        *("name", "type", "label", "description", "required", "default", "allowedValues"),
        *("min", "max"),
    },
    "inputs": {"name", "dataType", "description", "required"},
    "outputs": {"name", "dataType", "description", "required"},
}
CATEGORIES = {
    *("Preprocessing", "Segmentation", "Registration", "Quantification", "Visualization"),
    *("Machine Learning", "Statistics", "Format Conversion", "Quality Control", "Utility"),
}
DATA_TYPES = {
    *("any", "file", "directory", "package", "dataset", "tabular", "image", "timeseries"),
}
ONE_SCREEN = 46
"""Lines; of a window that is not small."""
CPU = {256 << n for n in range(7)}
MEMORY = {512, 1024, 2048, 4096, 8192, 16384, 30720, 61440, 122880}


@pytest.fixture(params=REPOSITORIES, ids=lambda path: path.name)
def repository(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def manifest(repository: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((repository / "app.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_there_are_five() -> None:
    names = ["bids-protocol", "dicom-deid", "dicom-inventory", "edf-summary", "summary-r"]
    assert [path.name for path in REPOSITORIES] == names


def test_each_is_one_screen_of_readme(repository: Path) -> None:
    assert len((repository / "README.md").read_text().splitlines()) <= ONE_SCREEN


def test_the_repository_is_complete(repository: Path) -> None:
    assert (repository / "README.md").read_text().startswith(f"# {repository.name}\n")
    dockerfile = (repository / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["' in dockerfile
    assert ("requirements.txt" in dockerfile) == (repository / "requirements.txt").exists()


def test_the_manifest_has_only_what_the_schema_allows(manifest: dict[str, Any]) -> None:
    assert manifest["schemaVersion"] == "1.0"
    assert set(manifest) <= KEYS[""]
    for section in ("runtime", "resources"):
        assert set(manifest[section]) <= KEYS[section]
    for section in ("parameters", "inputs", "outputs"):
        for entry in manifest[section]:
            assert set(entry) <= KEYS[section], entry
    assert manifest["applicationType"] in {"processor", "preprocessor", "postprocessor"}
    assert set(manifest["categories"]) <= CATEGORIES
    assert {port["dataType"] for port in manifest["inputs"] + manifest["outputs"]} <= DATA_TYPES
    assert manifest["resources"]["cpu"] in CPU
    assert manifest["resources"]["memory"] in MEMORY


def test_our_own_reader_takes_it(repository: Path, manifest: dict[str, Any]) -> None:
    found = read(repository)
    assert found.name == repository.name
    assert [p.name for p in found.parameters] == [p["name"] for p in manifest["parameters"]]


def test_every_parameter_is_read_and_documented(repository: Path, manifest: dict[str, Any]) -> None:
    programs = [p for pattern in ("*.py", "*.R") for p in repository.glob(pattern)]
    code = "".join(p.read_text() for p in programs if not p.name.startswith("test_"))
    readme = (repository / "README.md").read_text()
    for parameter in manifest["parameters"]:
        assert f'"{parameter["name"]}"' in code
        assert f"`{parameter['name']}`" in readme
        assert parameter["type"] != "enum" or parameter["default"] in parameter["allowedValues"]


@pytest.mark.parametrize("name", ["bids-protocol", "dicom-deid", "dicom-inventory", "edf-summary"])
def test_the_examples_own_tests_pass(name: str, tmp_path: Path) -> None:
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [*pytest_, "--rootdir", ".", "--basetemp", str(tmp_path / "own")],
        cwd=EXAMPLES / name,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_every_rule_names_an_attribute_of_the_standard_once() -> None:
    with (EXAMPLES / "dicom-deid/rules.csv").open(newline="") as rows:
        keywords = [row["keyword"] for row in csv.DictReader(rows)]
    assert [word for word in keywords if tag_for_keyword(word) is None] == []
    assert len(set(keywords)) == len(keywords)
