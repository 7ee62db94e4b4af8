"""Real DICOM files that the pydicom package itself holds. Nothing is ever downloaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

CT = "CT_small.dcm"
MR = "MR_small.dcm"
PATIENT_FOLDER = "77654033"
"""A folder of CR and CT images of one patient, Archibald Doe, named like the patient's id."""


def real_file(name: str) -> Path:
    """The path of a file in the package."""
    found = get_testdata_file(name, download=False)
    assert found is not None, f"pydicom no longer ships {name}"
    return Path(str(found))


def patient_folder() -> Path:
    """The folder :data:`PATIENT_FOLDER` in the package."""
    return Path(pydicom.__file__).parent / "data/test_files/dicomdirtests" / PATIENT_FOLDER


def place(target: Path, *names: str) -> Path:
    """Copy files of the package into a folder. Answers the folder."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(real_file(name), target / name)
    return target
