"""What the node adds to the results of a BIDS App."""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.node.records.run_record import Origin, RunRecord
from pennsieve_agent.node.runs.bids_description import bids_files

HEX = "0123456789abcdef" * 4
API = "https://api.pennsieve.io/"
ECR = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/pennsieve-node-0a1b2c3d/workflows@sha256:{HEX}"


def row(name: str, bids: str, **more: Any) -> dict[str, Any]:
    line = {"words": ["{input}", "{output}", "{level}"], "bids": bids}
    return {"id": name, "command": line, "image": ECR, "tag": "24.0.2", **more}


def run(*rows: dict[str, Any], dataset: str = "N:dataset:d") -> RunRecord:
    plan = {"jobs": list(rows)}
    flow = {"id": "w", "name": "quality"}
    return RunRecord("r", 0.0, origin=Origin.OWN, workflow=flow, dataset=dataset, plan=plan)


def described(record: RunRecord, *steps: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        bids_files(record, steps, API)["dataset_description.json"]
    )
    return document


def test_an_image_is_named_by_tag_and_digest() -> None:
    mriqc = row("mriqc", "participant", source_url="docker://nipreps/mriqc", commit=HEX)
    assert described(run(mriqc), "mriqc") == {
        "Name": "quality: derivatives",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "mriqc",
                "Version": "24.0.2",
                "Container": {
                    "Type": "docker",
                    "Tag": "nipreps/mriqc:24.0.2",
                    "URI": f"docker://nipreps/mriqc@sha256:{HEX}",
                },
            }
        ],
        "SourceDatasets": [{"URL": "https://api.pennsieve.io/datasets/N:dataset:d"}],
    }


def test_two_levels_of_one_app_are_named_once() -> None:
    code = {"source_url": "docker://nipreps/mriqc", "commit": HEX}
    first, second = row("mriqc", "participant", **code), row("group", "group", **code)
    second["command"]["continues"] = "mriqc"
    assert len(described(run(first, second), "group")["GeneratedBy"]) == 1
    other = {**second, "tag": "25.0.0"}
    versions = [each["Version"] for each in described(run(first, other), "group")["GeneratedBy"]]
    assert versions == ["24.0.2", "25.0.0"]


def test_code_that_was_built_has_its_address_and_the_digest_of_its_image() -> None:
    built = row("app", "participant", source_url="https://github.com/lab/app", commit="c" * 40)
    (entry,) = described(run(built, dataset=""), "app")["GeneratedBy"]
    assert entry["CodeURL"] == "https://github.com/lab/app"
    assert entry["Container"] == {"Type": "docker", "Tag": f"app@sha256:{HEX}"}
    assert "SourceDatasets" not in described(run(built, dataset=""), "app")
    hidden = row("app", "participant", source_url="image:secret", image=f"archive@sha256:{HEX}")
    (entry,) = described(run(hidden), "app")["GeneratedBy"]
    assert entry == {"Name": "secret", "Version": "24.0.2"}


def test_other_steps_get_nothing() -> None:
    plain = {**row("app", "participant"), "command": {"words": ["x"]}}
    assert bids_files(run(plain), ("app",), API) == {}
    assert bids_files(run({"id": "app", "command": ["x"]}), ("app",), API) == {}
