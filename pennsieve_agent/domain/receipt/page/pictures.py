"""Pictures among the results, as ``data:`` addresses: PNG and JPEG by their first bytes alone.

SVG never: it is a program. A file whose name says PNG but whose bytes do not is not shown.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from pennsieve_agent.domain.receipt.form import Receipt
from pennsieve_agent.domain.receipt.page.html import Html, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import part, rows, text
from pennsieve_agent.domain.receipt.page.words import count

LARGEST = 200_000
"""Bytes of a picture at most."""
ALL = 3_000_000
"""Characters of all ``data:`` addresses at most; in base64 three bytes are four of them."""
_PIXELS = 40_000_000
"""A small file can be a picture that fills a computer's memory when it is drawn."""
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset(
    (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be shown: its media type, width and height in pixels."""

    media: str
    width: int
    height: int


def picture_of(data: bytes) -> Picture | None:
    """What a file is by its bytes; None where it is too large, or neither PNG nor JPEG."""
    if len(data) > LARGEST:
        return None
    size = None
    media = "image/png"
    if data.startswith(_PNG) and len(data) >= len(_PNG) + 8:
        size = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    elif data.startswith(_JPEG):
        media, size = "image/jpeg", _jpeg_size(data)
    if size is None or not 0 < size[0] * size[1] <= _PIXELS:
        return None
    return Picture(media, *size)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header of the first frame (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - begins a marker
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None


def pictures_section(
    receipt: Receipt, pictures: Mapping[str, bytes], room: int = ALL
) -> Html | None:
    """The thumbnails of the results, in the order of the results; None where there is none.

    ``room`` is how many bytes the page has for them, if that is less than for all pictures.
    """
    figures, used, left_out = [], 0, 0
    for path, subject in _paths(receipt):
        picture = picture_of(pictures[path]) if path in pictures else None
        address = _address(pictures[path], picture) if picture else ""
        if picture is None or used + len(address) > min(room, ALL):
            left_out += path in pictures
            continue
        used += len(address)
        figures.append(_figure(path, subject, picture, address))
    if not figures and not left_out:
        return None
    note = "Pictures among the results, as they were when this page was written."
    if left_out:
        note += (
            f" {count(left_out, 'picture')} more: too large for this page, or neither PNG nor JPEG."
            " The list of results has their names."
        )
    return section("pictures", "Pictures", tag("div", *figures, class_="pictures"), note=note)


def _paths(receipt: Receipt) -> list[tuple[str, str]]:
    """The paths of all results, with the subject in a batch; each path once."""
    paths = {text(row, "path"): "" for row in rows(part(receipt, "outputs"), "files")}
    for subject in rows(receipt, "subjects"):
        for row in rows(part(subject, "outputs"), "files"):
            paths.setdefault(text(row, "path"), text(subject, "subject"))
    return list(paths.items())


def _address(data: bytes, picture: Picture) -> str:
    return f"data:{picture.media};base64,{base64.b64encode(data).decode('ascii')}"


def _figure(path: str, subject: str, picture: Picture, address: str) -> Html:
    name = path.rpartition("/")[2]
    image = tag(
        "img",
        src=address,
        alt=f"The picture {name[:200]} of the results",
        width=picture.width,
        height=picture.height,
        decoding="async",
    )
    words = tag("small", quoted(subject, 80)) if subject else None
    return tag("figure", image, tag("figcaption", quoted(name, 80), words))
