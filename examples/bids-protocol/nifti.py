"""The headers of NIfTI-1 images (https://nifti.nimh.nih.gov/nifti-1)."""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

BYTES = 348
_TIME_UNITS = {8: 1.0, 16: 1e-3, 24: 1e-6}
"""Seconds, milliseconds and microseconds, in the upper bits of xyzt_units."""


class UnreadableError(Exception):
    """The file is not an image that can be read; the text says why."""


@dataclass(frozen=True)
class Image:
    """The size of an image in voxels, of a voxel in mm, and the time between volumes in s."""

    size: tuple[int, ...]
    voxel: tuple[float, ...]
    volumes: int
    repetition_time: float | None


def read_header(path: Path) -> Image:
    """The header of ``….nii`` or ``….nii.gz``.

    Raises:
        UnreadableError: it is no NIfTI-1 image.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(BYTES)
    except (OSError, EOFError, zlib.error):
        raise UnreadableError("it cannot be unpacked") from None
    if len(header) < BYTES or header[344:347] not in {b"n+1", b"ni1"}:
        raise UnreadableError("it is not a NIfTI-1 image")
    order = "<" if struct.unpack("<i", header[:4]) == (BYTES,) else ">"
    dims = struct.unpack(f"{order}8h", header[40:56])
    steps = struct.unpack(f"{order}8f", header[76:108])
    unit = _TIME_UNITS.get(header[123] & 0x38, 1.0)
    volumes = max(1, dims[4]) if dims[0] > 3 else 1  # noqa: PLR2004 - three dimensions are space
    time = round(steps[4] * unit, 6) if volumes > 1 and steps[4] > 0 else None
    return Image(dims[1:4], tuple(round(step, 4) for step in steps[1:4]), volumes, time)
