"""Lists what DICOM files ``INPUT_DIR`` holds, and hands the files on through ``OUTPUT_DIR``.

The first step of a chain: whatever a step leaves in its output folder is the next step's input.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

INVENTORY = "inventory.csv"
FIELDS = ("Modality", "SOPClassUID", "Rows", "Columns", "NumberOfFrames", "BitsStored")
HEADER = ("path", "bytes", "status", "modality", "sop_class", "rows", "columns", "frames", "bits")


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, links followed: the outputs of several steps arrive as links."""
    for here, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(here, name) for name in sorted(names))


def describe(file: Path) -> dict[str, str]:
    """What the header says. ``status`` is ``DICOM``, ``not DICOM`` or ``unreadable``."""
    try:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(FIELDS))
        values = [str(header.get(name, "")) for name in FIELDS]
    except InvalidDicomError:
        return {"status": "not DICOM"}
    except Exception:  # noqa: BLE001 - a parser that is fed any bytes raises anything
        return {"status": "unreadable"}
    values[1] = UID(values[1]).name
    return {"status": "DICOM", **dict(zip(HEADER[3:], values, strict=True))}


def hand_on(file: Path, target: Path) -> None:
    """Copy a file, because a link would point to nothing in the next step's container."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def run(source: Path, target: Path, modalities: set[str]) -> int:
    """Write the inventory and hand the files on. Answers the exit code."""
    target.mkdir(parents=True, exist_ok=True)
    known = passed = total = 0
    with (target / INVENTORY).open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, HEADER, lineterminator="\n")
        table.writeheader()
        for file in files_below(source):
            path = file.relative_to(source).as_posix()
            row = describe(file)
            size = file.stat().st_size if file.is_file() else 0
            table.writerow({"path": path, "bytes": size, **row})
            kind = row.get("modality", "")
            print(f"{path}: {row['status']} {kind}".rstrip(), flush=True)
            total += 1
            known += row["status"] == "DICOM"
            if file.is_file() and path != INVENTORY and (not modalities or kind in modalities):
                hand_on(file, target / path)
                passed += 1
    print(f"{known} of {total} files are DICOM, {passed} handed on", flush=True)
    if not known:
        print(f"error: none of {total} files is DICOM", file=sys.stderr, flush=True)
        return 3
    return 0


def main() -> int:
    """Run with the environment's settings."""
    source, target = os.environ.get("INPUT_DIR", ""), os.environ.get("OUTPUT_DIR", "")
    if not source or not target or not Path(source).is_dir():
        print("error: INPUT_DIR and OUTPUT_DIR must name folders", file=sys.stderr, flush=True)
        return 2
    warnings.simplefilter("ignore")  # they quote values, and the log is for everybody
    modalities = {m.strip() for m in os.environ.get("MODALITIES", "").split(",")} - {""}
    return run(Path(source), Path(target), modalities)


if __name__ == "__main__":
    sys.exit(main())
