"""The R example, where R is installed. With REQUIRE_R, as in .ci/run, a missing R is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.examples.running import EXAMPLES, table

pytestmark = pytest.mark.skipif(
    shutil.which("Rscript") is None and not os.environ.get("REQUIRE_R"),
    reason="R is not installed",
)


def summarise(source: Path, target: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    folders = {"INPUT_DIR": str(source), "OUTPUT_DIR": str(target)}
    return subprocess.run(
        ["Rscript", str(EXAMPLES / "summary-r/main.R")],
        env={**os.environ, **folders, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_each_column_of_each_table_is_summarised(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    (source / "deep/spikes.csv").write_text("unit,rate (Hz),note\na,1,\nb,2.5,x\na,,\n")
    (source / "empty.csv").write_text("")
    (source / "linked").symlink_to(source / "deep")
    done = summarise(source, tmp_path / "out", DIGITS="3")
    assert done.returncode == 0, done.stderr
    assert "empty.csv: unreadable" in done.stdout
    rows = table(tmp_path / "out/summary.csv")
    assert [(row["file"], row["column"], row["type"]) for row in rows][:3] == [
        ("deep/spikes.csv", "unit", "text"),
        ("deep/spikes.csv", "rate (Hz)", "number"),
        ("deep/spikes.csv", "note", "text"),
    ]
    assert [row["file"] for row in rows][3:] == ["linked/spikes.csv"] * 3
    rate = rows[1]
    assert (rate["rows"], rate["missing"], rate["distinct"]) == ("3", "1", "2")
    assert (rate["min"], rate["mean"], rate["sd"], rate["max"]) == ("1", "1.75", "1.06", "2.5")


@pytest.mark.parametrize(
    ("digits", "code", "sentence"),
    [("many", 2, "DIGITS must be a number from 1 to 15"), ("6", 3, "none of 0 CSV files")],
)
def test_what_is_wrong_is_said(tmp_path: Path, digits: str, code: int, sentence: str) -> None:
    done = summarise(tmp_path, tmp_path / "out", DIGITS=digits)
    assert done.returncode == code
    assert sentence in done.stderr
