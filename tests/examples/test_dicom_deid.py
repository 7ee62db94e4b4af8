from __future__ import annotations

import re
import shutil
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.examples.real_files import CT, MR, PATIENT_FOLDER, patient_folder, place, real_file
from tests.examples.running import run_example, table

KEY = {"DEID_KEY": "a key for tests"}
UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")


def identities(dataset: Dataset) -> set[bytes]:
    """Values of a file that name a person, a place, an object or a private thing."""
    found = set()
    for element in dataset.iterall():
        wanted = element.VR in {"PN", "UI"} or element.keyword in {"PatientID", "InstitutionName"}
        text = str(element.value).strip()
        if wanted and text[3:].strip("-") and not text.startswith("1.2.840.10008."):
            found.add(text.encode())
    # The MR scanner calls its institution TOSHIBA; its maker, TOSHIBA_MEC, may be said.
    maker = str(dataset.get("Manufacturer")).encode()
    return {value for value in found if value not in maker}


def outputs(folder: Path) -> dict[str, Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in files}


def test_no_identity_is_in_any_byte_of_the_output_or_the_log(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT, MR)
    shutil.copytree(patient_folder(), source / PATIENT_FOLDER)
    known = {
        value
        for path in source.rglob("*")
        if path.is_file()
        for value in identities(pydicom.dcmread(path))
    }
    assert b"CompressedSamples^CT1" in known
    assert {b"Doe^Archibald", PATIENT_FOLDER.encode()} <= known

    done = run_example("dicom-deid", source, tmp_path / "out", **KEY)

    assert done.returncode == 0, done.stderr
    written = outputs(tmp_path / "out")
    texts = {
        "the log": f"{done.stdout}{done.stderr}".encode(),
        "the paths": "".join(written).encode(),
    }
    texts |= {name: path.read_bytes() for name, path in written.items()}
    left = [(name, value) for name, text in texts.items() for value in known if value in text]
    assert left == []


@pytest.mark.parametrize(
    "name",
    [CT, MR, "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "examples_overlay.dcm", "image_dfl.dcm"],
)
def test_pixels_and_geometry_are_unchanged_in_every_encoding(tmp_path: Path, name: str) -> None:
    source = place(tmp_path / "in", name)
    run_example("dicom-deid", source, tmp_path / "out", **KEY)
    old = pydicom.dcmread(source / name)
    new = pydicom.dcmread(tmp_path / "out/deidentified" / name)
    assert new.PixelData == old.PixelData
    assert new.file_meta.TransferSyntaxUID == old.file_meta.TransferSyntaxUID
    for keyword in ("Modality", "Rows", "Columns", "BitsStored", "PixelSpacing", "SOPClassUID"):
        assert new.get(keyword) == old.get(keyword), keyword


def test_the_file_describes_itself(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT)
    run_example("dicom-deid", source, tmp_path / "out", **KEY)
    new = pydicom.dcmread(tmp_path / "out/deidentified" / CT)
    assert new.file_meta.MediaStorageSOPInstanceUID == new.SOPInstanceUID
    assert new.file_meta.MediaStorageSOPClassUID == new.SOPClassUID
    assert new.preamble == bytes(128)
    assert "SourceApplicationEntityTitle" not in new.file_meta
    assert new.PatientIdentityRemoved == "YES"
    assert new.DeidentificationMethod
    assert not [element for element in new.iterall() if element.tag.is_private]


def test_identifiers_fit_together_across_files_and_runs_with_one_key(tmp_path: Path) -> None:
    source = tmp_path / "in"
    shutil.copytree(patient_folder(), source)
    runs = {}
    for run, key in {"one": "same", "two": "same", "three": "other"}.items():
        run_example("dicom-deid", source, tmp_path / run, DEID_KEY=key)
        files = sorted((tmp_path / run).rglob("*.dcm"))
        runs[run] = [pydicom.dcmread(path) for path in files]
    old = [pydicom.dcmread(path) for path in sorted(source.rglob("*")) if path.is_file()]
    assert len(old) == len(runs["one"])
    for keyword in UIDS:
        mapping: dict[str, str] = {}
        for before, after in zip(old, runs["one"], strict=True):
            if keyword in before:
                new = mapping.setdefault(before[keyword].value, after[keyword].value)
                assert new == after[keyword].value
                assert new != before[keyword].value
        assert len(set(mapping.values())) == len(mapping)
    studies = {run: {file.StudyInstanceUID for file in files} for run, files in runs.items()}
    assert studies["one"] == studies["two"]
    assert not studies["one"] & studies["three"]
    assert len({file.PatientID for file in runs["one"]}) == 1


def test_without_a_key_runs_do_not_fit_together(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT)
    ids = set()
    for run in ("one", "two"):
        done = run_example("dicom-deid", source, tmp_path / run)
        assert "no DEID_KEY" in done.stdout
        ids.add(pydicom.dcmread(tmp_path / run / "deidentified" / CT).PatientID)
    assert len(ids) == 2


def test_shifted_dates_keep_their_intervals(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT)
    later = pydicom.dcmread(source / CT)
    later.StudyDate, later.SOPInstanceUID = "20040129", f"{later.SOPInstanceUID}.1"
    later.AcquisitionDateTime = "20040129101112.5+0100"
    later.file_meta.MediaStorageSOPInstanceUID = later.SOPInstanceUID
    later.save_as(source / "later.dcm")
    run_example("dicom-deid", source, tmp_path / "out", KEEP_DATES="true", **KEY)
    first, second = (
        pydicom.dcmread(tmp_path / "out/deidentified" / name) for name in (CT, "later.dcm")
    )
    assert first.StudyDate != "20040119"
    assert second.AcquisitionDateTime == f"{second.StudyDate}101112.5+0100"
    assert first.StudyTime == later.StudyTime
    days = pydicom.valuerep.DA(second.StudyDate) - pydicom.valuerep.DA(first.StudyDate)
    assert days.days == 10
    assert not first.get("PatientBirthDate")


@pytest.mark.parametrize("name", [MR, "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_blank_pixels_are_black_and_still_an_image(tmp_path: Path, name: str) -> None:
    source = place(tmp_path / "in", name)
    run_example("dicom-deid", source, tmp_path / "out", PIXELS="blank", **KEY)
    new = pydicom.dcmread(tmp_path / "out/deidentified" / name)
    size = new.Rows * new.Columns * new.SamplesPerPixel * new.BitsAllocated // 8
    assert new.PixelData == bytes(size)
    assert not new.file_meta.TransferSyntaxUID.is_compressed
    assert new.BurnedInAnnotation == "NO"


def test_the_inventory_tells_the_truth(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT, "test-SR.dcm", "badVR.dcm", "SC_rgb_rle_2frame.dcm")
    (source / "notes.txt").write_text("no image")
    (source / "gone").symlink_to(tmp_path / "nowhere")
    run_example("dicom-deid", source, tmp_path / "out", **KEY)
    rows = {row["path"]: row for row in table(tmp_path / "out/inventory.csv")}
    assert {path: row["status"] for path, row in rows.items() if "SR" not in path} == {
        CT: "de-identified",
        "badVR.dcm": "unreadable",
        "SC_rgb_rle_2frame.dcm": "de-identified",
        "notes.txt": "not DICOM",
        "gone": "unreadable",
    }
    ct = rows[CT]
    assert (ct["modality"], ct["sop_class"]) == ("CT", "CT Image Storage")
    assert (ct["rows"], ct["columns"], ct["frames"]) == ("128", "128", "1")
    assert ct["transfer_syntax"] == "Explicit VR Little Endian"
    assert int(ct["bytes"]) == (source / CT).stat().st_size
    new = pydicom.dcmread(tmp_path / "out" / ct["output"])
    assert (ct["study"], ct["series"], ct["instance"]) == (
        new.StudyInstanceUID,
        new.SeriesInstanceUID,
        new.SOPInstanceUID,
    )
    assert rows["SC_rgb_rle_2frame.dcm"]["frames"] == "2"
    assert "may show text" in rows["SC_rgb_rle_2frame.dcm"]["warnings"]
    assert [p.name for p in sorted((tmp_path / "out").rglob("*.dcm"))] == [
        CT,
        "SC_rgb_rle_2frame.dcm",
    ]


def test_the_report_names_attributes_and_not_values(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT)
    run_example("dicom-deid", source, tmp_path / "out", **KEY)
    rows = {row["keyword"]: row for row in table(tmp_path / "out/identifying.csv")}
    name = rows["PatientName"]
    assert name == {
        "path": CT,
        "tag": "(0010,0010)",
        "keyword": "PatientName",
        "action": "patient",
        "count": "1",
        "length": str(len("CompressedSamples^CT1")),
    }
    assert rows["InstitutionName"]["action"] == "dummy"
    assert rows["StudyDate"]["action"] == "empty"


def test_linked_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    place(tmp_path / "elsewhere", CT)
    source = place(tmp_path / "in", MR)
    (source / "linked").symlink_to(tmp_path / "elsewhere")
    (source / "loop").symlink_to(source)
    done = run_example("dicom-deid", source, tmp_path / "out", **KEY)
    assert done.returncode == 0
    names = sorted(row["path"] for row in table(tmp_path / "out/inventory.csv"))
    assert names == [MR, f"linked/{CT}"]


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    source = place(tmp_path / "in", CT)
    shutil.copy(source / CT, source / "CT_small")
    shutil.copy(source / CT, source / "CT_SMALL.DCM")
    run_example("dicom-deid", source, tmp_path / "out", **KEY)
    written = {row["output"] for row in table(tmp_path / "out/inventory.csv")}
    assert len({name.casefold() for name in written}) == 3
    assert written == {
        f"deidentified/{p.name}" for p in (tmp_path / "out").rglob("*.[dD]*") if p.is_file()
    }


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("CompressedSamples CT1/scan.dcm", r"ANON-\w{10}/scan.dcm"),
        ("by_id/1ct1-a.dcm", r"by_id/ANON-\w{10}-a.dcm"),
        ("20040119/x.dcm", "date/x.dcm"),
        ("1.3.6.1.4.1.5962.9/x.dcm", r"2\.25\.\d+/x.dcm"),
        ("CT12/scan.dcm", "CT12/scan.dcm"),
    ],
)
def test_identities_in_paths_are_replaced(tmp_path: Path, path: str, safe: str) -> None:
    (tmp_path / "in" / path).parent.mkdir(parents=True)
    shutil.copy(real_file(CT), tmp_path / "in" / path)
    run_example("dicom-deid", tmp_path / "in", tmp_path / "out", **KEY)
    (row,) = table(tmp_path / "out/inventory.csv")
    assert re.fullmatch(safe, row["path"])
    assert row["output"] == f"deidentified/{row['path']}"


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ({"PIXELS": "blur"}, 2, "PIXELS must be keep or blank"),
        ({"KEEP_DATES": "maybe"}, 2, "KEEP_DATES must be true or false"),
        ({"PATIENT_PREFIX": "Doe^"}, 2, "PATIENT_PREFIX must be up to 16 letters"),
        ({"INPUT_DIR": "/nowhere"}, 2, "INPUT_DIR and OUTPUT_DIR must name folders"),
        ({}, 3, "none of 1 files is a DICOM image"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, settings: dict[str, str], code: int, sentence: str
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "notes.txt").write_text("no image")
    done = run_example("dicom-deid", source, tmp_path / "out", **settings)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
