"""Lists that come in pages, by cursor or by offset, from servers that may never end them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from pennsieve_agent.errors import PlatformError

T = TypeVar("T")


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
                "Pennsieve's list goes round in circles", hint="try again; if it stays, report this"
            )
        seen.add(cursor)


def by_offset(
    fetch: Callable[[int], tuple[list[T], bool]], key: Callable[[T], Hashable]
) -> Iterator[T]:
    """All items of a list, each once.

    ``fetch`` gets an offset and answers a page and whether it is the last. The offset counts what
    really came, never what was asked for: a server may send less. A page with nothing new ends the
    list too.
    """
    offset, seen = 0, set[Hashable]()
    while True:
        page, is_last = fetch(offset)
        new = [item for item in page if key(item) not in seen]
        seen.update(key(item) for item in new)
        yield from new
        offset += len(page)
        if is_last or not new:
            return
