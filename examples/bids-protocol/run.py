"""A BIDS App: how each image was acquired, and which participants differ from the others.

    run.py BIDS_DIR OUTPUT_DIR {participant,group} [--participant-label LABEL ...]

On a Pennsieve node nothing is typed: the folders are INPUT_DIR and OUTPUT_DIR, and parameters say
the rest.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import bids
import nifti

NAME, VERSION = "bids-protocol", "1.0.0"
FIGURES = ("size", "voxel_mm", "volumes", "repetition_time")
HEADER = ("participant_id", "file", "kind", *FIGURES, "sidecar_agrees")
_SAME_SECONDS = 0.001


def arguments() -> argparse.Namespace:
    """The command line that BIDS Apps have; what is not typed comes from the environment."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    source, target = os.environ.get("INPUT_DIR"), os.environ.get("OUTPUT_DIR")
    level = os.environ.get("ANALYSIS_LEVEL", "participant")
    labels = os.environ.get("PARTICIPANT_LABEL", "").split()
    parser.add_argument("bids_dir", nargs="?", default=source)
    parser.add_argument("output_dir", nargs="?", default=target)
    parser.add_argument(
        "analysis_level", nargs="?", default=level, choices=("participant", "group")
    )
    parser.add_argument("--participant-label", "--participant_label", nargs="+", default=labels)
    parser.add_argument("-v", "--version", action="version", version=f"{NAME} {VERSION}")
    typed = parser.parse_args()
    if not typed.bids_dir or not typed.output_dir:
        parser.error("bids_dir and output_dir are needed")
    return typed


def rows_of(dataset: Path, participant: Path) -> Iterator[dict[str, str]]:
    """One row for each image of a participant; one that cannot be read is named in the log."""
    for path in bids.images(participant):
        place = path.relative_to(dataset).as_posix()
        try:
            image = nifti.read_header(path)
        except nifti.UnreadableError as problem:
            print(f"{place}: unreadable ({problem})", flush=True)
            continue
        said = bids.sidecar(dataset, path).get("RepetitionTime")
        yield {
            "participant_id": participant.name,
            "file": place,
            "kind": bids.kind(path, participant.name),
            "size": " x ".join(map(str, image.size)),
            "voxel_mm": " x ".join(f"{step:g}" for step in image.voxel),
            "volumes": str(image.volumes),
            "repetition_time": _seconds(image.repetition_time),
            "sidecar_agrees": _agrees(image.repetition_time, said),
        }


def _seconds(time: float | None) -> str:
    return bids.MISSING if time is None else f"{time:g}"


def _agrees(time: float | None, said: object) -> str:
    """Whether header and sidecar have one repetition time; n/a where one of them has none."""
    if time is None or not isinstance(said, int | float):
        return bids.MISSING
    return "yes" if abs(time - said) <= _SAME_SECONDS else "no"


def compared(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with ``usual``: whether an image is as most of its kind are."""
    protocols: dict[str, Counter[tuple[str, ...]]] = {}
    for row in rows:
        protocols.setdefault(row["kind"], Counter())[_protocol(row)] += 1
    usual = {kind: counts.most_common(1)[0][0] for kind, counts in protocols.items()}
    return [
        {**row, "usual": "yes" if usual[row["kind"]] == _protocol(row) else "no"} for row in rows
    ]


def _protocol(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[figure] for figure in FIGURES)


def write(target: Path, level: str, rows: Sequence[dict[str, str]]) -> None:
    """Write the tables of a level."""
    if level == "group":
        table = compared(rows)
        bids.write_table(target / "group_desc-protocol_scans.tsv", (*HEADER, "usual"), table)
        for row in table:
            if row["usual"] == "no":
                print(f"{row['file']} differs from the other {row['kind']} images", flush=True)
        return
    for name in dict.fromkeys(row["participant_id"] for row in rows):
        own = [row for row in rows if row["participant_id"] == name]
        bids.write_table(target / name / f"{name}_desc-protocol_scans.tsv", HEADER, own)


def main() -> int:
    """List or compare the images. Ends with 0, or 3 where there is nothing to read."""
    typed = arguments()
    source, target = Path(typed.bids_dir), Path(typed.output_dir)
    if not (source / bids.DESCRIPTION).is_file():
        print(f"error: the input is not a BIDS dataset: no {bids.DESCRIPTION}", flush=True)
        return 3
    rows: list[dict[str, str]] = []
    for participant in bids.participants(source, typed.participant_label):
        own = list(rows_of(source, participant))
        print(f"{participant.name}: {len(own)} images", flush=True)
        rows += own
    if not rows:
        print("error: no participant has an image that can be read", flush=True)
        return 3
    target.mkdir(parents=True, exist_ok=True)
    bids.write_description(target, source, NAME, VERSION)
    write(target, typed.analysis_level, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
