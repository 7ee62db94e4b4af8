from __future__ import annotations

from pathlib import Path

from tests.examples.real_files import CT, MR, place
from tests.examples.running import run_example, table

KEY = {"DEID_KEY": "a key for tests"}


def test_files_are_listed_and_handed_on_unchanged(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT, "SC_rgb_rle_2frame.dcm")
    place(tmp_path / "in/a/b", MR)
    (source / "notes.txt").write_text("not DICOM")
    done = run_example("dicom-inventory", source, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    rows = {row["path"]: row for row in table(tmp_path / "out/inventory.csv")}
    assert set(rows) == {CT, "SC_rgb_rle_2frame.dcm", f"a/b/{MR}", "notes.txt"}
    assert rows[CT] == {
        "path": CT,
        "bytes": str((source / CT).stat().st_size),
        "status": "DICOM",
        "modality": "CT",
        "sop_class": "CT Image Storage",
        "rows": "128",
        "columns": "128",
        "frames": "",
        "bits": "16",
    }
    assert rows["SC_rgb_rle_2frame.dcm"]["frames"] == "2"
    assert rows["notes.txt"]["status"] == "not DICOM"
    for path in rows:
        assert (tmp_path / "out" / path).read_bytes() == (source / path).read_bytes()


def test_links_are_followed_and_never_handed_on_as_links(tmp_path: Path) -> None:
    place(tmp_path / "parent", CT)
    source = tmp_path / "in"
    source.mkdir()
    (source / CT).symlink_to(tmp_path / "parent" / CT)
    (source / "folder").symlink_to(tmp_path / "parent")
    run_example("dicom-inventory", source, tmp_path / "out")
    handed = tmp_path / "out"
    assert not [path for path in handed.rglob("*") if path.is_symlink()]
    assert (handed / "folder" / CT).is_file()


def test_nothing_of_dicom_is_a_failure_in_words(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    done = run_example("dicom-inventory", source, tmp_path / "out")
    assert (done.returncode, done.stderr) == (3, "error: none of 0 files is DICOM\n")


def test_the_two_examples_chain(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT, MR)
    first = run_example("dicom-inventory", source, tmp_path / "between", MODALITIES="CT")
    second = run_example("dicom-deid", tmp_path / "between", tmp_path / "out", **KEY)
    assert (first.returncode, second.returncode) == (0, 0)
    rows = {row["path"]: row["status"] for row in table(tmp_path / "out/inventory.csv")}
    assert rows == {CT: "de-identified", "inventory.csv": "not DICOM"}
