from __future__ import annotations

import json
from pathlib import Path

import pytest

from pennsieve_agent.domain.receipt.crate import crate_of, crate_text, workflow_text
from pennsieve_agent.domain.receipt.crate_files import Beside
from tests.domain.receipt.examples import (
    DIGEST,
    EVIL,
    RUN_ID,
    Document,
    batch_receipt,
    run_document,
    run_receipt,
)

# The validator's own: it uses a class that its library gave up.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
FOLDER = "results/spike-rate-1c20"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("rocrate_validator")
    from tests.domain.receipt.rocrate import fill_cache  # noqa: PLC0415 - where it is installed

    path = tmp_path_factory.mktemp("contexts") / "cache"
    fill_cache(path)
    return path


def failed_at_staging() -> Document:
    steps = run_document()["steps"]
    for step in steps:
        step |= {"status": "NOT_STARTED", "started": "", "ended": "", "attempts": []}
    return run_receipt(status="FAILED", reason="staging failed", steps=steps)


def written(folder: Path, receipt: Document, beside: Beside) -> None:
    (folder / beside.receipt).write_text("{}")
    (folder / beside.workflow).write_text(workflow_text(receipt))
    (folder / "ro-crate-metadata.json").write_text(crate_text(receipt, beside))


@pytest.mark.parametrize(
    ("receipt", "profile", "beside"),
    [
        (run_receipt(name=EVIL), "provenance", Beside()),
        (run_receipt(), "provenance", Beside(results=FOLDER)),
        (batch_receipt(), "workflow", Beside()),
        (failed_at_staging(), "process", Beside()),
    ],
    ids=["run", "with its results", "batch", "failed at staging"],
)
def test_the_crate_has_what_its_profiles_require(
    receipt: Document, profile: str, beside: Beside, tmp_path: Path, cache: Path
) -> None:
    from tests.domain.receipt.rocrate import problems  # noqa: PLC0415 - where it is installed

    written(tmp_path, receipt, beside)
    if beside.results:
        (tmp_path / "rates.csv").write_text("1")
    assert problems(tmp_path, profile, cache) == []


def test_the_validator_sees_what_is_missing(tmp_path: Path, cache: Path) -> None:
    from tests.domain.receipt.rocrate import problems  # noqa: PLC0415 - where it is installed

    receipt, beside = run_receipt(), Beside()
    written(tmp_path, receipt, beside)
    crate = crate_of(receipt, beside)
    for row in crate["@graph"]:
        row.pop("instrument", None)
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps(crate))
    assert any("instrument" in problem for problem in problems(tmp_path, "process", cache))


def by_id(receipt: Document, beside: Beside = Beside()) -> dict[str, Document]:  # noqa: B008 - plain
    rows = crate_of(receipt, beside)["@graph"]
    ids = {row["@id"]: row for row in rows}
    assert len(ids) == len(rows)
    return ids


def test_what_the_crate_says_of_a_run() -> None:
    crate = by_id(run_receipt())
    run = crate[f"urn:uuid:{RUN_ID}"]
    assert run["startTime"] == "2026-11-28T12:00:05.000+00:00"
    assert run["actionStatus"] == "http://schema.org/CompletedActionStatus"
    first, second = crate["#attempt/spikes/1"], crate["#attempt/spikes/2"]
    assert first["error"].startswith("OutOfMemoryError")
    assert first["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert "error" not in second
    assert crate[second["containerImage"]["@id"]]["sha256"] == DIGEST.removeprefix("sha256:")
    assert crate["#usage/spikes/2/peak_memory_bytes"]["value"] == "5100000000"
    (result,) = [row for id_, row in crate.items() if id_.endswith("rates.csv")]
    assert (result["sha256"], result["contentSize"]) == ("aa" * 32, "4120")
    # What was deleted since is no result that anybody can get.
    assert not [id_ for id_ in crate if id_.endswith("raster.png")]
    assert all(
        f"{one}/0.5" in crate for one in map("https://w3id.org/ro/wfrun/{}".format, PROFILES)
    )


PROFILES = ("process", "workflow", "provenance")


def test_a_run_whose_steps_never_began_claims_no_more_than_it_has() -> None:
    crate = by_id(failed_at_staging())
    assert "https://w3id.org/ro/wfrun/provenance/0.5" not in crate
    assert crate[f"urn:uuid:{RUN_ID}"]["error"] == "staging failed"


def test_a_local_run_on_files_of_a_folder_has_no_address_for_them() -> None:
    receipt = run_receipt(dataset="")
    for row in receipt["inputs"]["files"]:
        row["package_id"] = None
    crate = by_id(receipt)
    assert crate["#file/raw/sub-01/a.edf"]["@type"] == "CreativeWork"
    assert "#input" not in crate
