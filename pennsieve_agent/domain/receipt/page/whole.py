"""The whole page: its head with the content security policy, and its parts in their order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from pennsieve_agent.domain.receipt.form import BATCH, Receipt
from pennsieve_agent.domain.receipt.page.attempts import attempts
from pennsieve_agent.domain.receipt.page.checks import again, checksums
from pennsieve_agent.domain.receipt.page.costs import costs
from pennsieve_agent.domain.receipt.page.failures import failures, why_failed
from pennsieve_agent.domain.receipt.page.files import files
from pennsieve_agent.domain.receipt.page.heading import heading
from pennsieve_agent.domain.receipt.page.how import how, node
from pennsieve_agent.domain.receipt.page.html import Child, Html, clipped, join, quoted, tag
from pennsieve_agent.domain.receipt.page.lanes import lanes
from pennsieve_agent.domain.receipt.page.pictures import pictures_section
from pennsieve_agent.domain.receipt.page.reading import moment, part, text
from pennsieve_agent.domain.receipt.page.style import STYLE
from pennsieve_agent.domain.receipt.page.subject_files import subject_files
from pennsieve_agent.domain.receipt.page.subjects import subjects
from pennsieve_agent.domain.receipt.page.timeline import timeline
from pennsieve_agent.domain.receipt.page.words import state, when

_TITLE = 120
_SIZE = 4_900_000
"""Bytes of a page at most, as far as pictures are concerned: they take what is left."""
_NONE: Mapping[str, bytes] = MappingProxyType({})


def render(receipt: Receipt, pictures: Mapping[str, bytes] = _NONE) -> str:
    """The page of a receipt as HTML.

    ``pictures`` are the contents of results by their paths: PNG and JPEG up to 200 kB each, 3 MB
    together; others are not shown. Whatever is missing in the receipt is said to be unknown.
    """
    body = tag(
        "body",
        tag("a", "Skip to the details", href="#details", class_="skip"),
        heading(receipt),
        tag("main", *_parts(receipt, pictures), id="details"),
        _foot(receipt),
    )
    return f"<!doctype html>\n{tag('html', _head(receipt), body, lang='en')}\n"


def _head(receipt: Receipt) -> Html:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    name = clipped(text(receipt, "name") or text(receipt, "id"), _TITLE)
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{name}: {state(text(receipt, 'status'))}"),
        tag("style", Html(STYLE)),
    )


def _parts(receipt: Receipt, pictures: Mapping[str, bytes]) -> list[Child]:
    if receipt.get("kind") == BATCH:
        listing = subject_files(receipt)
        first: list[Child] = [failures(receipt), lanes(receipt), subjects(receipt, listing.places)]
        listed = listing.html
    else:
        first = [why_failed(receipt), timeline(receipt)]
        listed = files(receipt)
    last = [
        *(costs(receipt), attempts(receipt), how(receipt), listed),
        *(node(receipt), again(receipt), checksums(receipt)),
    ]
    room = _SIZE - len(join([*first, *last]).encode())
    return [*first, pictures_section(receipt, pictures, room), *last]


def _foot(receipt: Receipt) -> Html:
    program = part(receipt, "made_by")
    at = moment(receipt, "made_at")
    name, version = text(program, "name"), clipped(text(program, "version"), 40)
    words = join(
        (
            "Written ",
            when(at) if at else "at an unknown time",
            *((" by ", quoted(name, 40), f" {version}") if name else ()),
            ". This page is complete: it loads nothing from the network.",
        )
    )
    return tag("footer", tag("p", words, class_="inner"))
