"""Runs the workflow on real files that pydicom brings along: ``python -m pytest``."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

MAIN = Path(__file__).with_name("main.py")
NO_IMAGE = 3
WRONG_SETTING = 2


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run main.py from ``folder``/in to ``folder``/out."""
    folders = {"INPUT_DIR": str(folder / "in"), "OUTPUT_DIR": str(folder / "out")}
    return subprocess.run(
        [sys.executable, str(MAIN)],
        env={**os.environ, **folders, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder ``in`` with a CT image, an MR image of another patient, and a text."""
    for name in ("CT_small.dcm", "MR_small.dcm"):
        (tmp_path / "in" / name[:2]).mkdir(parents=True)
        shutil.copy(str(get_testdata_file(name, download=False)), tmp_path / "in" / name[:2])
    (tmp_path / "in" / "notes.txt").write_text("not an image\n")
    return tmp_path


def test_images_come_out_without_identities_and_with_their_pixels(folder: Path) -> None:
    """What identifies is gone, what is measured stays."""
    done = run(folder)
    assert done.returncode == 0, done.stderr
    old = pydicom.dcmread(folder / "in/CT/CT_small.dcm")
    new = pydicom.dcmread(folder / "out/deidentified/CT/CT_small.dcm")
    assert new.PatientID.startswith("ANON-")
    assert new.PatientName == new.PatientID
    assert new.StudyDate == ""
    assert new.StudyInstanceUID != old.StudyInstanceUID
    assert new.PatientIdentityRemoved == "YES"
    assert not any(element.tag.is_private for element in new)
    assert new.PixelData == old.PixelData
    assert new.PixelSpacing == old.PixelSpacing


def test_every_file_is_in_the_inventory(folder: Path) -> None:
    """Also the ones that are not DICOM."""
    run(folder)
    with (folder / "out/inventory.csv").open(newline="") as rows:
        status = {row["path"]: row["status"] for row in csv.DictReader(rows)}
    assert status == {
        "CT/CT_small.dcm": "de-identified",
        "MR/MR_small.dcm": "de-identified",
        "notes.txt": "not DICOM",
    }


def test_dates_can_be_kept_shifted(folder: Path) -> None:
    """They move, and stay dates."""
    run(folder, KEEP_DATES="true", PATIENT_PREFIX="EEG-7")
    new = pydicom.dcmread(folder / "out/deidentified/CT/CT_small.dcm")
    assert "1994" < new.StudyDate < "20040119"
    assert new.PatientBirthDate == ""
    assert new.PatientID.startswith("EEG-7-")


def test_it_fails_when_there_is_no_image(folder: Path) -> None:
    """With a sentence that says so."""
    shutil.rmtree(folder / "in/CT")
    shutil.rmtree(folder / "in/MR")
    done = run(folder)
    assert done.returncode == NO_IMAGE
    assert "none of 1 files is a DICOM image" in done.stderr


def test_a_wrong_setting_is_named(folder: Path) -> None:
    """Before anything is read."""
    done = run(folder, PIXELS="blur")
    assert done.returncode == WRONG_SETTING
    assert "PIXELS must be keep or blank" in done.stderr
