"""Lists that come in pages, by cursor or by offset, from servers that may never end them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from pennsieve_agent.errors import PlatformError

T = TypeVar("T")

REMEMBERED_ITEMS = 2000
"""How far back an item is known again: four of the platform's largest pages."""


def by_cursor(fetch: Callable[[str], tuple[Iterable[T], str]]) -> Iterator[T]:
    """All items of a list; ``fetch`` gets a cursor, "" at first, and answers a page and the next.

    Raises:
        PlatformError: the server sends the same cursor again, so that there would be no end.

    """
    cursor, seen = "", {""}
    while True:
        page, cursor = fetch(cursor)
        yield from page
        if not cursor:
            return
        if cursor in seen:
            raise PlatformError(
                "Pennsieve's list repeats the same page", hint="try again; if it stays, report this"
            )
        seen.add(cursor)


def by_offset(
    fetch: Callable[[int], tuple[list[T], bool]], key: Callable[[T], Hashable]
) -> Iterator[T]:
    """All items of a list, each once, with memory for a few pages only.

    ``fetch`` gets an offset and answers a page and whether it is the last. The offset counts what
    really came, never what was asked for: a server may send less. An item that moves to the next
    page while the list is read is not given again. A page with nothing new, and one that came
    before, end the list too.
    """
    offset, recent, pages = 0, dict[Hashable, None](), set[int]()
    while True:
        page, is_last = fetch(offset)
        keys = [key(item) for item in page]
        fingerprint = hash(tuple(keys))
        new = {name: item for name, item in zip(keys, page, strict=True) if name not in recent}
        if fingerprint in pages or not new:
            return
        pages.add(fingerprint)
        yield from new.values()
        recent.update(dict.fromkeys(new))
        for old in list(islice(recent, max(len(recent) - REMEMBERED_ITEMS, 0))):
            del recent[old]
        offset += len(page)
        if is_last:
            return
