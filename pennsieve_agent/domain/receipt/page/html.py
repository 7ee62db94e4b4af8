"""Elements of HTML and SVG, in which every text and every attribute is escaped.

A text becomes part of a page only through :func:`tag`, so none can be forgotten.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_ACTING = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line end
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the order in which text is read
    "\u2028\u2029"  # line ends for some readers
    "\ud800-\udfff"  # no characters: they cannot be written to a file
    "\ufdd0-\ufdef\ufffe\uffff"  # not allowed in HTML
    "]"
)
_VOID = frozenset(("meta", "img", "br", "hr", "input", "link"))
_LEAVES = frozenset(("rect", "line", "circle", "path", "polygon"))


class Html(str):
    """Text that is HTML already. Only :func:`tag` and :func:`join` make it."""

    __slots__ = ()


Child = str | int | float | None
"""What may stand in an element; None is nothing."""


def escaped(text: object) -> Html:
    """Any text as HTML that shows it, with a mark in place of what would act and not be shown."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(_ACTING.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True))


def join(parts: Iterable[Child]) -> Html:
    """Parts one after the other, each escaped where it is not HTML."""
    return Html("".join(escaped(part) for part in parts if part is not None))


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element. An attribute is left out where it is None or False; ``class_`` is ``class``."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        words.append(label if value is True else f'{label}="{escaped(value)}"')
    inner = join(children)
    opening = " ".join(words)
    if name in _VOID:
        return Html(f"<{opening}>")
    if name in _LEAVES and not inner:
        return Html(f"<{opening}/>")
    return Html(f"<{opening}>{inner}</{name}>")


def clipped(text: object, most: int) -> str:
    """A text of at most so many characters, with an ellipsis in place of the rest."""
    whole = str(text)
    return whole if len(whole) <= most else whole[: most - 1].rstrip() + "…"


def quoted(text: object, most: int = 400) -> Html:
    """A text from outside; its direction of reading changes nothing around it."""
    return tag("bdi", clipped(text, most))


def code(text: object, most: int = 400) -> Html:
    """A name, a digest or a command as it is typed; the style isolates its direction, too."""
    return tag("code", clipped(text, most))


def facts(pairs: Iterable[tuple[str, Child]], class_: str | None = None) -> Html:
    """Names with their values; those without a value are left out."""
    rows = [
        tag("div", tag("dt", name), tag("dd", value))
        for name, value in pairs
        if value not in {None, ""}
    ]
    return tag("dl", *rows, class_=class_ or "facts") if rows else Html("")


def section(id_: str, title: str, *children: Child, note: Child = None) -> Html:
    """A part of the page under a heading, with a note below the heading."""
    head = tag("h2", title, id=f"{id_}-title")
    aside = tag("p", note, class_="note") if note else None
    return tag(
        "section",
        tag("div", head, aside, class_="head"),
        tag("div", *children, class_="body"),
        id=id_,
        aria_labelledby=f"{id_}-title",
    )


def table(
    caption: str, columns: Iterable[str], rows: Iterable[Html], class_: str, *, hidden: bool = True
) -> Html:
    """A table that scrolls sideways in itself where the page is narrow, also by keyboard.

    Its caption is ``hidden`` from the eye where a heading says the same.
    """
    heads = [tag("th", name, scope="col") for name in columns]
    whole = tag(
        "table",
        tag("caption", caption, class_="hidden" if hidden else None),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_=class_,
    )
    return tag(
        "div", whole, class_="scroll", role="region", tabindex="0", aria_label=f"Table: {caption}"
    )
