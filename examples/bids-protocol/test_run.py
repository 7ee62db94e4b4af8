"""Runs the app on a dataset that is made here: ``python -m pytest``."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import csv
import gzip
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLE = HERE / "data" / "input"
REST = "task-rest_bold"


def nifti(size: tuple[int, ...], voxel: float, seconds: float = 0.0, order: str = "<") -> bytes:
    """A packed image of zeros; a fourth number in ``size`` is that of its volumes."""
    header = bytearray(352)
    dims = (len(size), *size, *([1] * (7 - len(size))))
    struct.pack_into(f"{order}i", header, 0, 348)
    struct.pack_into(f"{order}8h", header, 40, *dims)
    struct.pack_into(f"{order}2h", header, 70, 4, 16)  # whole numbers of 16 bits
    struct.pack_into(f"{order}8f", header, 76, 1, voxel, voxel, voxel, seconds, 0, 0, 0)
    struct.pack_into(f"{order}f", header, 108, 352)
    header[123] = 2 | 8  # millimetres, seconds
    header[344:348] = b"n+1\0"
    count = 1
    for length in size:
        count *= length
    return gzip.compress(bytes(header) + bytes(2 * count), mtime=0)


def make(dataset: Path) -> Path:
    """A dataset of three participants; the image of the third has other voxels and another time."""
    about = {
        "Name": "Three participants, made up",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "License": "CC0",
    }
    files: dict[str, bytes] = {
        "README": b"Made by a program, to try it: nobody took part.\n",
        "dataset_description.json": json.dumps(about, indent=2).encode() + b"\n",
        "participants.tsv": b"participant_id\nsub-01\nsub-02\nsub-03\n",
        f"{REST}.json": b'{"TaskName": "rest", "RepetitionTime": 2.0}\n',
    }
    for name, voxel, seconds in (("01", 3.0, 2.0), ("02", 3.0, 2.0), ("03", 2.5, 1.5)):
        files[f"sub-{name}/anat/sub-{name}_T1w.nii.gz"] = nifti((8, 8, 8), 1.0)
        files[f"sub-{name}/func/sub-{name}_{REST}.nii.gz"] = nifti((4, 4, 4, 5), voxel, seconds)
    for path, content in files.items():
        (dataset / path).parent.mkdir(parents=True, exist_ok=True)
        (dataset / path).write_bytes(content)
    return dataset


def run(*words: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the app with words, or with variables as on a node."""
    return subprocess.run(
        [sys.executable, str(HERE / "run.py"), *map(str, words)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def table(file: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_the_example_is_what_is_made_here(tmp_path: Path) -> None:
    """So that everybody can see what is in its images."""
    made = make(tmp_path)
    for path in (path for path in made.rglob("*") if path.is_file()):
        kept = (EXAMPLE / path.relative_to(made)).read_bytes()
        is_packed = path.suffix == ".gz"
        assert _plain(kept, is_packed) == _plain(path.read_bytes(), is_packed)


def _plain(content: bytes, is_packed: bool) -> bytes:  # noqa: FBT001
    return gzip.decompress(content) if is_packed else content


def test_a_participant_as_it_is_typed(tmp_path: Path) -> None:
    """The results are a derivative dataset of the participant alone."""
    done = run(EXAMPLE, tmp_path, "participant", "--participant-label", "sub-01")
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.rglob("*.tsv")
    assert file.relative_to(tmp_path).as_posix() == "sub-01/sub-01_desc-protocol_scans.tsv"
    anat, rest = table(file)
    assert (anat["kind"], anat["volumes"], anat["repetition_time"]) == ("T1w", "1", "n/a")
    assert (rest["kind"], rest["size"], rest["voxel_mm"]) == (REST, "4 x 4 x 4", "3 x 3 x 3")
    assert (rest["volumes"], rest["repetition_time"], rest["sidecar_agrees"]) == ("5", "2", "yes")
    about = json.loads((tmp_path / "dataset_description.json").read_text())
    assert (about["DatasetType"], about["GeneratedBy"][0]["Name"]) == (
        "derivative",
        "bids-protocol",
    )


def test_the_group_as_on_a_node(tmp_path: Path) -> None:
    """Who differs is told."""
    folders = {"INPUT_DIR": str(EXAMPLE), "OUTPUT_DIR": str(tmp_path)}
    done = run(**folders, ANALYSIS_LEVEL="group", PARTICIPANT_LABEL="")
    assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "group_desc-protocol_scans.tsv")
    other = [(row["participant_id"], row["sidecar_agrees"]) for row in rows if row["usual"] == "no"]
    assert other == [("sub-03", "no")]
    assert "sub-03_task-rest_bold.nii.gz differs from the other task-rest_bold" in done.stdout


def test_images_of_all_kinds(tmp_path: Path) -> None:
    """The other order of bytes, sessions, sidecars beside images, and what is no image."""
    dataset = make(tmp_path / "in")
    func = dataset / "sub-04" / "ses-1" / "func"
    func.mkdir(parents=True)
    stem = f"sub-04_ses-1_run-2_{REST}"
    (func / f"sub-04_ses-1_{REST}.nii.gz").write_bytes(b"no image")
    (func / f"{stem}.nii").write_bytes(gzip.decompress(nifti((4, 4, 4, 9), 3.0, 0.8, ">")))
    (func / f"{stem}.json").write_text('{"RepetitionTime": 0.8}')
    done = run(dataset, tmp_path / "out", "participant", "--participant_label", "04")
    assert done.returncode == 0, done.stderr
    assert "unreadable (it cannot be unpacked)" in done.stdout
    (row,) = table(tmp_path / "out" / "sub-04" / "sub-04_desc-protocol_scans.tsv")
    assert (row["volumes"], row["repetition_time"], row["sidecar_agrees"]) == ("9", "0.8", "yes")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("{empty}", "{empty}", "group"), 3, "not a BIDS dataset"),
        ((EXAMPLE, "{empty}", "group", "--participant-label", "09"), 3, "no participant has an"),
        ((EXAMPLE, "{empty}", "session"), 2, "invalid choice"),
        ((), 2, "bids_dir and output_dir are needed"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, words: tuple[object, ...], code: int, said: str
) -> None:
    """Of the command line, and of the dataset."""
    done = run(*(tmp_path if word == "{empty}" else word for word in words))
    assert done.returncode == code
    assert said in done.stdout + done.stderr
