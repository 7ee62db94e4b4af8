"""Long lists are read page by page: a hundred thousand packages need no more memory than a few."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import httpx
import pytest

from pennsieve_agent.domain.folder_sizes import folder_of
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.platform.http.paging import by_cursor, by_offset
from tests.fakes.network import answering
from tests.fakes.scripted_platform import COGNITO, COGNITO_CONFIG, HOSTS, KEY, signed_in

PACKAGES = 100_000
SETTLED = 10_000
"""After so many items, the memory in use must not grow."""

ALLOWED_BLOCKS = 3000
"""Pieces of memory more at the end than at first: some for each of up to 200 pages."""

ALLOWED_BYTES = 150_000
"""What may come on top: a word for each page, and what Python keeps for itself."""


def page_of(name: str, form: str, numbers: range, end: str = "}") -> bytes:
    return f'{{"{name}":[{",".join([form % (n, n) for n in numbers])}]{end}'.encode()


def flat_page(query: httpx.QueryParams) -> bytes:
    start = int(query.get("cursor", "package:0").partition(":")[2])
    end = min(start + int(query["pageSize"]), PACKAGES)
    files = ',"objects":{"source":[{"content":{"filename":"a","size":1}}]}' * (
        "includeSourceFiles" in query
    )
    more = f',"cursor":"package:{end}"}}' if end < PACKAGES else "}"
    form = f'{{"content":{{"id":%d,"nodeId":"N:package:%d"}}{files}}}'
    return page_of("packages", form, range(start, end), more)


def children_page(query: httpx.QueryParams) -> bytes:
    start = int(query["offset"])
    end = min(start + int(query["limit"]), PACKAGES)
    return page_of("children", '{"content":{"intId":%d,"id":"N:package:%d"}}', range(start, end))


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/authentication/cognito-config":
        return httpx.Response(200, json=COGNITO_CONFIG)
    if str(request.url) == COGNITO:
        return httpx.Response(200, json=signed_in(1))
    page = flat_page if request.url.path.endswith("/packages") else children_page
    return httpx.Response(200, content=page(request.url.params))


LISTINGS: dict[str, Callable[[Platform], Iterator[object]]] = {
    "packages.children": lambda p: p.packages.children("N:collection:c"),
    "datasets.files": lambda p: p.datasets.files("N:dataset:d"),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_hundred_thousand_packages_leave_nothing_in_memory(name: str) -> None:
    with Platform(HOSTS, KEY, network=answering(answer)) as platform:
        found = LISTINGS[name](platform)
        consume(found, SETTLED)
        before = sys.getallocatedblocks()
        consume(found, PACKAGES - SETTLED)
        after = sys.getallocatedblocks()
        assert next(found, None) is None
    assert after - before < ALLOWED_BLOCKS


def test_a_hundred_thousand_packages_need_no_more_memory_than_a_few() -> None:
    with Platform(HOSTS, KEY, network=answering(answer)) as platform:
        found = platform.datasets.files("N:dataset:d")
        tracemalloc.start()
        try:
            consume(found, SETTLED)
            peak_of_few = tracemalloc.get_traced_memory()[1]
            consume(found, PACKAGES - SETTLED)
            peak_of_all = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak_of_all - peak_of_few < ALLOWED_BYTES


def test_the_sums_of_a_hundred_thousand_files_need_no_more_memory_than_those_of_a_few() -> None:
    with Platform(HOSTS, KEY, network=answering(answer)) as platform:
        found = ((file.path, file.size) for file in platform.datasets.files("N:dataset:d"))
        tracemalloc.start()
        try:
            folder_of(islice(found, SETTLED), 0)
            peak_of_few = tracemalloc.get_traced_memory()[1]
            top = folder_of(found, 0)
            peak_of_all = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert top.files == PACKAGES - SETTLED
    assert peak_of_all - peak_of_few < ALLOWED_BYTES


def consume(found: Iterator[object], items: int) -> None:
    """Take so many items, and keep none of them."""
    assert sum(1 for _ in islice(found, items)) == items


def test_an_item_that_moved_to_the_next_page_is_given_once() -> None:
    pages = iter([[1, 2, 3], [3, 4, 5], [6]])
    found = by_offset(lambda offset: (next(pages), offset >= 6), lambda number: number)
    assert list(found) == [1, 2, 3, 4, 5, 6]


def test_pages_that_come_again_in_turn_end_the_list() -> None:
    large = [list(range(start, start + 1500)) for start in (0, 1500, 3000)]
    pages = cycle(large)
    found = by_offset(lambda _: (next(pages), False), lambda number: number)
    assert list(found) == list(range(4500))


def test_an_empty_page_ends_a_list_by_offset_and_not_one_by_cursor() -> None:
    assert list(by_offset(lambda _: ([], False), lambda number: number)) == []
    pages = {"": ([1], "a"), "a": ([], "b"), "b": ([2], "")}
    assert list(by_cursor(pages.__getitem__)) == [1, 2]
