"""De-identifying one DICOM dataset in place, nested sequences included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pseudonyms import Pseudonyms
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian
from rules import Action, Rules
from scan import PIXELS, Record, transfer_syntax

METHOD = "Attributes of DICOM PS3.15 Annex E basic profile"
DUMMY_TEXT = "REMOVED"
LEAST_LETTERS = 4  # a shorter name or id is too likely to be part of another word
_TEXT = frozenset({"LO", "SH"})
_DUMMIES = {**dict.fromkeys(("LO", "SH", "CS", "PN", "UC"), DUMMY_TEXT), "IS": "0", "DS": "0"}
_SAMPLE_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True)
class Attribute:
    """An identifying attribute: which one, and what was done with it. Never its value."""

    tag: str
    keyword: str
    action: Action


@dataclass
class Findings:
    """What was found in one file: how often, and how many characters or bytes in all."""

    count: Counter[Attribute] = field(default_factory=Counter)
    length: Counter[Attribute] = field(default_factory=Counter)

    def add(self, element: DataElement, action: Action) -> None:
        """Take note of an attribute before it is changed."""
        if element.is_empty or not element.tag.element:
            return
        keyword = "private" if element.tag.is_private else element.keyword or "unknown"
        attribute = Attribute(str(element.tag), keyword, action)
        self.count[attribute] += 1
        self.length[attribute] += _length(element)


class Deidentifier:
    """Applies the rules to datasets."""

    def __init__(self, rules: Rules, pseudonyms: Pseudonyms, *, blank_pixels: bool) -> None:
        self._rules = rules
        self._pseudonyms = pseudonyms
        self._blank_pixels = blank_pixels

    def deidentify(self, dataset: FileDataset, record: Record) -> Findings:
        """De-identify a file's dataset and its header. Answers what was found."""
        findings = Findings()
        syntax = transfer_syntax(dataset)
        self.clean(dataset, record, findings)
        if self._blank_pixels:
            syntax = _blank(dataset, syntax)
        dates = "MODIFIED" if self._rules.keeps_dates else "REMOVED"
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = METHOD
        dataset.LongitudinalTemporalInformationModified = dates
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.preamble = None
        return findings

    def clean(self, dataset: Dataset, record: Record, findings: Findings) -> None:
        """Apply the rules to a dataset and to everything inside its sequences."""
        for element in list(dataset):
            action = self._rules.action(element)
            if action is Action.KEEP and _names(element, record.words):
                action = Action.REMOVE
            if action is Action.CLEAN:
                for item in element.value:
                    self.clean(item, record, findings)
            elif action is not Action.KEEP:
                findings.add(element, action)
                self._apply(dataset, element, action, record)

    def _apply(
        self, dataset: Dataset, element: DataElement, action: Action, record: Record
    ) -> None:
        match action:
            case Action.REMOVE:
                del dataset[element.tag]
            case Action.EMPTY:
                element.clear()
            case Action.DUMMY if element.VR in _DUMMIES:
                element.value = _DUMMIES[element.VR]
            case Action.DUMMY:
                element.clear()
            case Action.PATIENT:
                element.value = self._pseudonyms.patient(record.identity)
            case Action.UID:
                element.value = [self._pseudonyms.uid(str(uid)) for uid in _values(element)]
            case Action.SHIFT if element.VR != "TM":
                element.value = [
                    self._pseudonyms.shift(str(date), record.identity) for date in _values(element)
                ]


def _values(element: DataElement) -> Iterable[object]:
    if element.is_empty:
        return []
    return element.value if isinstance(element.value, MultiValue) else [element.value]


def _length(element: DataElement) -> int:
    value = element.value
    if element.VR == "SQ":
        return len(value)
    return len(value) if isinstance(value, bytes) else sum(len(str(v)) for v in _values(element))


def _names(element: DataElement, words: Iterable[str]) -> bool:
    """Whether a text that the rules would keep repeats the patient's name or id."""
    if element.VR not in _TEXT or element.is_empty:
        return False
    text = "\\".join(map(str, _values(element))).casefold()
    return any(len(word) >= LEAST_LETTERS and word.casefold() in text for word in words)


def _blank(dataset: Dataset, syntax: UID) -> UID:
    """Make the image black. Answers the transfer syntax it has then."""
    size = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel", 1))
    size *= int(dataset.get("NumberOfFrames") or 1)
    for keyword in PIXELS:
        if keyword in dataset:
            bits = _SAMPLE_BITS.get(keyword) or int(dataset.BitsAllocated)
            length = (size * bits + 7) // 8
            dataset[keyword].value = bytes(length + length % 2)
            dataset[keyword].is_undefined_length = False
    dataset.BurnedInAnnotation = "NO"
    if not syntax.is_compressed:
        return syntax
    if int(dataset.get("SamplesPerPixel", 1)) > 1:
        dataset.PhotometricInterpretation = "RGB"
        dataset.PlanarConfiguration = 0
    return ExplicitVRLittleEndian
