"""Lists DICOM files, reports identifying attributes, and writes de-identified copies.

Reads ``INPUT_DIR``, writes ``OUTPUT_DIR``; parameters are environment variables (``app.yml``).
Exit codes: 0 done, 2 a setting is wrong, 3 no image could be de-identified.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pydicom
from deidentify import Deidentifier, Findings
from pseudonyms import Paths, Pseudonyms
from report import write_identifying, write_inventory
from rules import Rules
from scan import Record, Status, files_below, read, scan

FOLDER = "deidentified"
BOOLEANS = {"true": True, "false": False}


class SettingError(Exception):
    """A setting is missing or wrong; the message says which."""


@dataclass(frozen=True)
class Settings:
    """What the environment asks for."""

    input: Path
    output: Path
    prefix: str
    keep_dates: bool
    blank_pixels: bool
    key: bytes

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            SettingError: one is missing or wrong.

        """
        source, target = env.get("INPUT_DIR", ""), env.get("OUTPUT_DIR", "")
        if not source or not target or not Path(source).is_dir():
            raise SettingError("INPUT_DIR and OUTPUT_DIR must name folders")
        prefix = env.get("PATIENT_PREFIX") or "ANON"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", prefix):
            raise SettingError("PATIENT_PREFIX must be up to 16 letters, digits, - and _")
        keep_dates = BOOLEANS.get((env.get("KEEP_DATES") or "false").lower())
        if keep_dates is None:
            raise SettingError("KEEP_DATES must be true or false")
        pixels = env.get("PIXELS") or "keep"
        if pixels not in {"keep", "blank"}:
            raise SettingError("PIXELS must be keep or blank")
        key = env.get("DEID_KEY", "").encode() or secrets.token_bytes(32)
        return cls(Path(source), Path(target), prefix, keep_dates, pixels == "blank", key)


def say(line: str) -> None:
    """Print a line of the log at once, so that it can be followed."""
    print(line, flush=True)


def quiet_parser() -> None:
    """Accept values that break the standard, and keep the parser's remarks out of the log.

    Its warnings quote the values, and the log is for everybody.
    """
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    warnings.simplefilter("ignore")
    logging.getLogger("pydicom").addHandler(logging.NullHandler())


class Copies:
    """Writes de-identified copies, each under a name of its own."""

    def __init__(self, folder: Path, deidentifier: Deidentifier, paths: Paths) -> None:
        self._folder = folder
        self._deidentifier = deidentifier
        self._paths = paths
        self._taken: set[str] = set()

    def write(self, record: Record) -> Findings:
        """De-identify one image. A file that cannot be written whole is not written."""
        dataset = read(record.source, pixels=True)
        findings = self._deidentifier.deidentify(dataset, record)
        name = self._name(self._paths.safe(record.path))
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            dataset.save_as(file, enforce_file_format=True)
        except Exception:
            file.unlink(missing_ok=True)
            raise
        record.status, record.output = Status.DEIDENTIFIED, f"{self._folder.name}/{name}"
        return findings

    def _name(self, path: str) -> str:
        stem = path[:-4] if path.lower().endswith(".dcm") else path
        name, number = f"{stem}.dcm", 2
        while name.casefold() in self._taken:
            name, number = f"{stem}-{number}.dcm", number + 1
        self._taken.add(name.casefold())
        return name


def deidentify_all(
    records: list[Record], copies: Copies, paths: Paths
) -> list[tuple[str, Findings]]:
    """De-identify every image, telling how far it is. Answers what was found in which file."""
    found = []
    for number, record in enumerate(records, 1):
        path = paths.safe(record.path)
        outcome = record.status.value
        if record.status is Status.IMAGE:
            try:
                findings = copies.write(record)
            except Exception as error:  # noqa: BLE001 - one bad file must not stop the others
                record.status = Status.UNREADABLE
                record.warnings.append(type(error).__name__)
                outcome = record.status.value
            else:
                found.append((path, findings))
                size = f"{record.modality} {record.rows} x {record.columns}"
                outcome = f"{size}, {findings.count.total()} identifying attributes"
        say(f"[{number}/{len(records)}] {path}: {'; '.join((outcome, *record.warnings))}")
    return found


def replacements(records: list[Record], pseudonyms: Pseudonyms) -> dict[str, str]:
    """What to write instead of each text that names a patient or a study, in paths."""
    new: dict[str, str] = {}
    for record in records:
        for word in sorted(record.words):
            new.setdefault(word, pseudonyms.patient(record.identity))
    for record in records:
        for number in sorted(record.numbers):
            new.setdefault(number, pseudonyms.study(number))
    return new


def run(settings: Settings) -> int:
    """Do the work. Answers the exit code."""
    quiet_parser()
    records = [scan(file, settings.input) for file in files_below(settings.input)]
    pseudonyms = Pseudonyms(settings.key, settings.prefix)
    paths = Paths(pseudonyms, replacements(records, pseudonyms))
    rules = Rules(keep_dates=settings.keep_dates)
    deidentifier = Deidentifier(rules, pseudonyms, blank_pixels=settings.blank_pixels)
    copies = Copies(settings.output / FOLDER, deidentifier, paths)
    found = deidentify_all(records, copies, paths)
    settings.output.mkdir(parents=True, exist_ok=True)
    write_inventory(settings.output / "inventory.csv", records, paths, pseudonyms)
    write_identifying(settings.output / "identifying.csv", found)
    if not found:
        print(f"error: none of {len(records)} files is a DICOM image", file=sys.stderr, flush=True)
        return 3
    say(f"{len(found)} of {len(records)} files de-identified; see inventory.csv, identifying.csv")
    return 0


def main() -> int:
    """Run with the environment's settings."""
    try:
        settings = Settings.of(os.environ)
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 2
    if not os.environ.get("DEID_KEY"):
        say("no DEID_KEY: new identifiers fit together within this run only")
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
