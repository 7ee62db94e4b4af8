"""Finding DICOM files and reading what the inventory says of them. Nothing is changed here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
SHORTEST_NUMBER = 4  # shorter ones are counts, and stand in many paths
_PREAMBLE = 128
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_TEXT_ON_PIXELS = ("Secondary Capture", "Ultrasound", "VL Endoscopic", "Video")
_OVERLAYS = range(0x6000, 0x6020, 2)


class Status(StrEnum):
    """What became of a file."""

    DEIDENTIFIED = "de-identified"
    IMAGE = "image"
    OTHER = "not an image"
    FOREIGN = "not DICOM"
    UNREADABLE = "unreadable"


@dataclass
class Record:
    """One input file.

    ``words`` are texts that name the patient, ``numbers`` those that name the study, both to be
    kept out of the results; ``identity`` is what the patient's pseudonym is derived from.
    """

    source: Path
    path: str
    size: int = 0
    status: Status = Status.FOREIGN
    modality: str = ""
    sop_class: str = ""
    rows: int | str = ""
    columns: int | str = ""
    frames: int | str = ""
    transfer_syntax: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""
    identity: str = ""
    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list)
    output: str = ""


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in order. Links are followed, each folder is entered once."""
    seen = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(here, name) for name in sorted(names))


def read(path: Path, *, pixels: bool) -> FileDataset:
    """A DICOM file, with or without its pixels. Old files without the file header are read too.

    Raises:
        InvalidDicomError: it is something else.

    """
    with path.open("rb") as file:
        start = file.read(_PREAMBLE + 4)
    headless = start[_PREAMBLE:] != b"DICM"
    if headless and start[:2] not in _FIRST_GROUPS:
        raise InvalidDicomError
    dataset = pydicom.dcmread(path, stop_before_pixels=not pixels, force=headless)
    if headless and UID(str(dataset.get("SOPClassUID", ""))).type != "SOP Class":
        raise InvalidDicomError
    return dataset


def scan(source: Path, root: Path) -> Record:
    """What one file is."""
    record = Record(source, source.relative_to(root).as_posix())
    try:
        record.size = source.stat().st_size
        dataset = read(source, pixels=False)
        _describe(record, dataset)
    except InvalidDicomError:
        record.status = Status.FOREIGN
    except Exception as error:  # noqa: BLE001 - a parser that is fed any bytes raises anything
        record.status = Status.UNREADABLE
        record.warnings.append(type(error).__name__)
    return record


def _describe(record: Record, dataset: FileDataset) -> None:
    record.status = Status.IMAGE if "Rows" in dataset and "Columns" in dataset else Status.OTHER
    record.modality = str(dataset.get("Modality", ""))
    record.sop_class = UID(str(dataset.get("SOPClassUID", ""))).name
    record.rows = dataset.get("Rows", "")
    record.columns = dataset.get("Columns", "")
    record.frames = int(dataset.get("NumberOfFrames") or 1) if record.status is Status.IMAGE else ""
    record.transfer_syntax = transfer_syntax(dataset).name
    record.study = str(dataset.get("StudyInstanceUID", ""))
    record.series = str(dataset.get("SeriesInstanceUID", ""))
    record.instance = str(dataset.get("SOPInstanceUID", ""))
    record.identity, record.words = _patient(dataset)
    numbers = (str(dataset.get(word) or "").strip() for word in ("AccessionNumber", "StudyID"))
    record.numbers = frozenset(number for number in numbers if len(number) >= SHORTEST_NUMBER)
    record.warnings = list(_warnings(dataset, record))


def transfer_syntax(dataset: FileDataset) -> UID:
    """How the file is encoded; for a file that does not say, how it was read."""
    named = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if named:
        return UID(named)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _patient(dataset: Dataset) -> tuple[str, frozenset[str]]:
    """Who the patient is: a text to derive a pseudonym from, and the words that give them away."""
    id_ = str(dataset.get("PatientID") or "").strip()
    name = str(dataset.get("PatientName") or "").strip()
    issuer = str(dataset.get("IssuerOfPatientID") or "").strip()
    identity = f"{issuer}\0{id_}" if id_ else name or str(dataset.get("StudyInstanceUID", ""))
    parts = name.replace("=", "^").replace(" ", "^").split("^")
    parts = [part for part in parts if part]
    words = {id_, name, *parts, *(mark.join(parts) for mark in ("", " ", "_", "-"))}
    return identity, frozenset(word for word in words if len(word) > 1)


def _warnings(dataset: Dataset, record: Record) -> Iterator[str]:
    if dataset.get("BurnedInAnnotation") == "YES" or (
        "BurnedInAnnotation" not in dataset
        and any(kind in record.sop_class for kind in _TEXT_ON_PIXELS)
    ):
        yield "the pixels may show text"
    if dataset.get("RecognizableVisualFeatures") == "YES":
        yield "the pixels may show a face"
    if any((group, 0x0010) in dataset and (group, 0x3000) not in dataset for group in _OVERLAYS):
        yield "the pixels may hold an overlay"
