"""Runs the step on real files that pydicom brings along: ``python -m pytest``."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pydicom.data import get_testdata_file

MAIN = Path(__file__).with_name("main.py")


def test_it_lists_the_files_and_hands_them_on(tmp_path: Path) -> None:
    """The MR image is listed, and only the CT is handed on, because only CT was asked for."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(str(get_testdata_file(name, download=False)), source)
    folders = {"INPUT_DIR": str(source), "OUTPUT_DIR": str(target), "MODALITIES": "CT"}
    subprocess.run([sys.executable, str(MAIN)], env={**os.environ, **folders}, check=True)
    with (target / "inventory.csv").open(newline="") as rows:
        listed = {row["path"]: (row["modality"], row["rows"]) for row in csv.DictReader(rows)}
    assert listed == {"CT_small.dcm": ("CT", "128"), "MR_small.dcm": ("MR", "64")}
    assert sorted(p.name for p in target.iterdir()) == ["CT_small.dcm", "inventory.csv"]
    assert (target / "CT_small.dcm").read_bytes() == (source / "CT_small.dcm").read_bytes()
