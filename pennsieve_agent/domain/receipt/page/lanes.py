"""When the runs of a batch ran: each is a block in the first lane that was free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pennsieve_agent.domain.receipt.form import Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, clipped, join, section, tag
from pennsieve_agent.domain.receipt.page.reading import moment, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.words import count, kind_of, span, state

_HIGHEST, _TALL, _THIN = 360, 18, 4
_DRAWN = 4000
"""Blocks in one picture at most, those that began first."""


@dataclass(frozen=True, slots=True)
class Block:
    """The run of a subject."""

    subject: str
    status: str
    begin: datetime
    end: datetime


def lanes_of(blocks: Iterable[Block]) -> list[list[Block]]:
    """Blocks in lanes, so that none lies over another."""
    lanes: list[list[Block]] = []
    for block in sorted(blocks, key=lambda one: (one.begin, one.end)):
        free = next((lane for lane in lanes if lane[-1].end <= block.begin), None)
        if free is None:
            lanes.append([block])
        else:
            free.append(block)
    return lanes


def blocks_of(receipt: Receipt) -> list[Block]:
    """The runs that began; one that goes on ends when the receipt was made."""
    now = moment(receipt, "made_at")
    blocks = []
    for row in rows(receipt, "subjects"):
        begin = moment(row, "started_at")
        end = moment(row, "completed_at") or now
        if begin is not None and end is not None and end >= begin:
            blocks.append(Block(text(row, "subject"), kind_of(text(row, "status")), begin, end))
    return sorted(blocks, key=lambda one: one.begin)


def lanes(receipt: Receipt) -> Html:
    """The section; it says so where no run has begun."""
    blocks = blocks_of(receipt)
    if not blocks:
        return section("timeline", "Timeline", tag("p", "No subject had started.", class_="quiet"))
    first = on.seconds(blocks[0].begin)
    scale = Scale(first, max(first + 1, *(on.seconds(one.end) for one in blocks)))
    table = lanes_of(blocks[:_DRAWN])
    pitch = max(min(_HIGHEST // len(table), _TALL), _THIN)
    height = pitch * len(table)
    drawn = [
        _block(block, scale, (row * pitch, max(pitch - 2, 2)))
        for row, lane in enumerate(table)
        for block in lane
    ]
    words = (
        f"{count(len(blocks), 'subject')} in {span(scale.high - first)}, "
        f"at most {len(table)} at the same time"
    )
    picture = tag(
        "svg",
        on.grid(scale, height),
        *drawn,
        role="img",
        aria_label=words,
        width="100%",
        height=height,
    )
    note = f"Each block is the newest run of a subject. {words}."
    if len(blocks) > _DRAWN:
        note += f" The first {_DRAWN:,} are drawn."
    kinds = dict.fromkeys(one.status for one in blocks)
    legend = tag(
        "ul", join(tag("li", state(kind), class_=f"key {kind}") for kind in kinds), class_="legend"
    )
    return section(
        "timeline",
        "Timeline",
        tag("div", on.axis(scale), picture, class_="batch"),
        legend,
        note=note,
    )


def _block(block: Block, scale: Scale, box: tuple[int, int]) -> Html:
    begin, end = on.seconds(block.begin), on.seconds(block.end)
    words = f"{clipped(block.subject, 60)}: {state(block.status)}, {span(end - begin)}"
    return on.bar(scale, begin, end, box=box, class_=f"bar {block.status}", title=words)
