"""Any dataset, nested as deep as it likes, loses what identifies and keeps what measures."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage

from tests.examples.running import EXAMPLES

MODULES = ("deidentify", "pseudonyms", "rules", "scan")
SECRET = "Kowalczyk"
UID = "1.2.276.0.7230010.3.1.4.8323329.777"
TEXTS = ("PN", "LO", "SH", "LT", "ST", "UT", "UC")
IDENTIFYING = (
    *("PatientName", "PatientID", "OtherPatientNames", "OperatorsName", "PatientComments"),
    *("InstitutionName", "StudyDescription", "PatientAddress", "StationAETitle"),
    *(
        "ImageComments",
        "ScheduledProcedureStepDescription",
        "Manufacturer",
        "DerivationDescription",
    ),
)
SEQUENCES = (
    *("ReferencedImageSequence", "ReferencedStudySequence", "SharedFunctionalGroupsSequence"),
    *("RequestAttributesSequence", "ProcedureCodeSequence", "OtherPatientIDsSequence"),
)


@pytest.fixture(scope="module")
def example() -> Any:
    """The example's modules, which are a program of its own and not part of the package."""
    folder = str(EXAMPLES / "dicom-deid")
    sys.path.insert(0, folder)
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(folder)
        for name in MODULES:
            sys.modules.pop(name)


@st.composite
def datasets(draw: st.DrawFn, depth: int = 3) -> Dataset:
    dataset = Dataset()
    for keyword in draw(st.sets(st.sampled_from(IDENTIFYING))):
        setattr(dataset, keyword, draw(st.sampled_from([SECRET, f"{SECRET}^A", f"x {SECRET}"])))
    if draw(st.booleans()):
        dataset.ReferencedSOPInstanceUID = UID
        dataset.ReferencedSOPClassUID = CTImageStorage
    if draw(st.booleans()):
        block = dataset.private_block(0x0099, "ACME", create=True)
        block.add_new(draw(st.integers(0, 255)), draw(st.sampled_from(TEXTS)), SECRET)
    if draw(st.booleans()):
        dataset.SliceThickness = "2.5"
    if depth:
        for keyword in draw(st.sets(st.sampled_from(SEQUENCES), max_size=2)):
            items = draw(st.lists(datasets(depth - 1), max_size=2))
            setattr(dataset, keyword, Sequence(items))
    return dataset


def encoded(dataset: Dataset) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def measured(dataset: Dataset) -> int:
    """How many slice thicknesses there are where the rules keep the sequence around them."""
    inside = (item for word in SEQUENCES[:3] for item in dataset.get(word) or ())
    return ("SliceThickness" in dataset) + sum(map(measured, inside))


@given(dataset=datasets(), keep_dates=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_datasets(
    example: dict[str, ModuleType], dataset: Dataset, *, keep_dates: bool
) -> None:
    words = frozenset({SECRET})
    record = example["scan"].Record(None, "x", identity="p", words=words)
    pseudonyms = example["pseudonyms"].Pseudonyms(b"key", "ANON")
    rules = example["rules"].Rules(keep_dates=keep_dates)
    before, had_class = measured(dataset), CTImageStorage.encode() in encoded(dataset)

    subject = example["deidentify"].Deidentifier(rules, pseudonyms, blank_pixels=False)
    findings = example["deidentify"].Findings()
    subject.clean(dataset, record, findings)

    after = encoded(dataset)
    assert SECRET.encode() not in after
    assert UID.encode() not in after
    assert b"ACME" not in after
    assert measured(dataset) == before
    assert had_class or CTImageStorage.encode() not in after
    assert SECRET not in repr(findings)
