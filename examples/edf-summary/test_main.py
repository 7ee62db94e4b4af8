"""Runs the step on recordings that are made here: ``python -m pytest``."""
# ruff: noqa: S101, PLR2004 - tests assert

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RATE, SECONDS = 100, 8


def edf(signals: dict[str, array[int]], *, width: int = 2) -> bytes:
    """A recording of one-second records; values from -1 to 1 mV are numbers from -1000 to 1000."""
    fields: list[list[str]] = [
        *([*signals], ["electrode"] * len(signals), ["mV"] * len(signals)),
        *([text] * len(signals) for text in ("-1", "1", "-1000", "1000", "none", str(RATE), "")),
    ]
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    fixed = (("X X X X", 80), ("made by a program", 80), ("01.01.00", 8), ("00.00.00", 8))
    size = 256 * (1 + len(signals))
    rest = ((str(size), 8), ("", 44), (str(SECONDS), 8), ("1", 8), (str(len(signals)), 4))
    head = b"0".ljust(8) if width == 2 else b"\xffBIOSEMI"
    head += "".join(text.ljust(length) for text, length in (*fixed, *rest)).encode()
    head += "".join(
        text.ljust(length) for row, length in zip(fields, widths, strict=True) for text in row
    ).encode()
    samples = (
        number.to_bytes(width, "little", signed=True)
        for second in range(SECONDS)
        for numbers in signals.values()
        for number in numbers[second * RATE : (second + 1) * RATE]
    )
    return head + b"".join(samples)


def heart() -> array[int]:
    """Something like an ECG: one beat each second, over a slow wave."""
    times = [number / RATE for number in range(RATE * SECONDS)]
    beats = (900 * math.exp(-(((time % 1) - 0.5) ** 2) / 0.0004) for time in times)
    waves = (60 * math.sin(2 * math.pi * 0.25 * time) for time in times)
    return array("h", (round(beat + wave) for beat, wave in zip(beats, waves, strict=True)))


EXAMPLE = {"ECG": heart(), "reference": array("h", [0] * (RATE * SECONDS))}


def run(source: Path, target: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a node does."""
    folders = {"INPUT_DIR": str(source), "OUTPUT_DIR": str(target)}
    return subprocess.run(
        [sys.executable, str(HERE / "main.py")],
        env={**os.environ, **folders, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(target: Path) -> list[dict[str, str]]:
    """The rows of the summary."""
    with (target / "signals.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_example(tmp_path: Path) -> None:
    """The file in data/input is what this makes; its figures are right."""
    example = HERE / "data" / "input" / "ecg.edf"
    assert example.read_bytes() == edf(EXAMPLE)
    done = run(example.parent, tmp_path)
    assert done.returncode == 0, done.stderr
    ecg, reference = rows(tmp_path)
    values = [number / 1000 for number in EXAMPLE["ECG"]]
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    assert (ecg["unit"], ecg["rate"], ecg["seconds"]) == ("mV", "100", "8")
    figures = [float(ecg[name]) for name in ("mean", "sd", "max")]
    assert figures == pytest.approx([mean, spread, max(values)], abs=1e-5)
    assert float(reference["flat"]) > 0.99
    picture = (tmp_path / "ecg.edf.svg").read_text()
    assert picture.count("<polyline") == 2
    assert picture.endswith("</svg>\n")


def test_bdf_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Numbers of three bytes; other files are named, and do not stop it."""
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "deep").mkdir(parents=True)
    at_limit = array("i", [1000, -1000] * (RATE * SECONDS // 2))
    (source / "deep" / "a.BDF").write_bytes(edf({"EEG <1>": at_limit}, width=3))
    (source / "b.edf").write_bytes(b"no recording")
    (source / "c.edf").write_bytes(edf(EXAMPLE)[:500])
    done = run(source, target, PLOT_SECONDS="0")
    assert done.returncode == 0, done.stderr
    (row,) = rows(target)
    assert (row["file"], row["signal"]) == ("deep/a.BDF", "EEG <1>")
    assert (row["at_limit"], row["flat"], row["sd"]) == ("1", "0", "1")
    assert "b.edf: unreadable (not an EDF or BDF file)" in done.stdout
    assert "c.edf: unreadable (its header is damaged)" in done.stdout
    assert list(target.rglob("*.svg")) == []


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """Settings, and folders without a recording."""
    assert run(tmp_path, tmp_path, PLOT_SECONDS="long").returncode == 2
    none = run(tmp_path, tmp_path)
    assert none.returncode == 3
    assert "none of 0 recordings" in none.stderr
