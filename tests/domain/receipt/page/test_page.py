"""The page as text: it stands alone, escapes everything, and says what is unknown."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from pennsieve_agent.domain.receipt.form import FileSum, sealed
from pennsieve_agent.domain.receipt.page.whole import render
from pennsieve_agent.domain.receipt.page.words import STATES
from tests.domain.receipt.examples import batch_receipt, run_receipt
from tests.domain.receipt.page.receipts import (
    NASTY,
    Document,
    empty,
    failed_run,
    many_subjects,
    nasty,
    png,
    running,
)

RUN, BATCH = run_receipt(), batch_receipt()
VOID = {"meta", "img", "br", "hr", "input", "link"}
SENT = {"href", "src", "srcset", "action", "formaction", "data", "poster", "xlink:href", "ping"}
"""Attributes that name something to load or to go to."""


class Reader(HTMLParser):
    """The elements, attributes and texts of a page; it fails where elements are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.texts).split()).replace(" .", ".")

    def shape(self) -> set[str]:
        """The kinds of elements and of their attributes."""
        return {f"{tag} {name}" for tag, names in self.elements for name in ("", *names)}


def words(receipt: Document, pictures: dict[str, bytes] | None = None) -> str:
    return Reader(render(receipt, pictures or {})).words


def test_the_policy_allows_the_style_by_its_hash_and_pictures_in_the_page_alone() -> None:
    page = render(RUN)
    reader = Reader(page)
    policy = next(a["content"] for t, a in reader.elements if "http-equiv" in a)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    kinds = [tag for tag, _ in reader.elements]
    assert kinds.index("meta") < kinds.index("style")
    assert not {"script", "iframe", "object", "embed", "form", "base", "audio", "video"} & {*kinds}
    assert "url(" not in style[1]
    assert "@import" not in style[1]


@pytest.mark.parametrize("text", NASTY, ids=lambda text: repr(text[:20]))
@pytest.mark.parametrize("receipt", [RUN, BATCH, failed_run()], ids=["run", "batch", "failed"])
def test_a_text_from_outside_adds_nothing_to_the_page(receipt: Document, text: str) -> None:
    page = render(nasty(receipt, text))
    page.encode()
    reader = Reader(page)
    plain = Reader(render(nasty(receipt, "plain"))).shape()
    allowed = plain | {"a ", "a href", "a rel", "details ", "summary "}
    assert reader.shape() <= allowed
    assert reader.comments == []
    for _, names in reader.elements:
        assert not [name for name in names if name.startswith("on") or name == "style"]
        for name in SENT & names.keys():
            assert re.match(r"#|https://|data:,$", names[name] or "")


@pytest.mark.parametrize("text", NASTY[:-4], ids=lambda text: repr(text[:20]))
def test_a_text_from_outside_is_shown(text: str) -> None:
    shown = re.sub("[\u202e\u2066\u200f]", "\N{REPLACEMENT CHARACTER}", text)
    assert words(nasty(RUN, text)).count(shown) > 20
    assert words(nasty(BATCH, text)).count(shown) > 20


def test_a_long_name_is_cut_in_the_heading_and_there_in_whole() -> None:
    page = render({**RUN, "name": "ab" * 5000})
    assert "ab" * 5000 in page
    title = re.search(r"<title>(.*?)</title>", page)
    heading = re.search(r"<h1>(.*?)</h1>", page)
    assert title
    assert heading
    assert max(len(title[1]), len(heading[1])) < 200


def test_of_a_run_it_shows_what_was_done_and_with_what() -> None:
    text = words(RUN)
    for part in (
        *("spike-rate v1.2.0", "Mouse EEG", "Lovelace lab", "Ada Lovelace", "not verified"),
        *("Succeeded Ended 28 November 2026, 12:09:30 UTC", "9 min 25 s", "0.0214 USD"),
        *("4f2c1b7a9d" * 4, "sha256:" + "ab" * 32, "THRESHOLD", "300-6000"),
        *("raw/sub-01/a.edf", "11" * 32, "aa" * 32, "it was deleted, or moved to another dataset"),
        *("exit code 137", "OutOfMemoryError", "4.0 GB of 4.0 GB", "6 min 42 s", "not measured"),
        *("c0" * 32, "5a" * 32, "90" * 32, "0f" * 32, "2 vCPU, 8 GB of memory, standard"),
        *(f"pennsieve run start --repeat {RUN['id']}", "pennsieve run start --repeat receipt.json"),
        "Basis of the estimate: from 14 runs of v1.2.0.",
        "It cost 0.0214 USD, within the estimate of 0.012 USD to 0.041 USD.",
        "Machines 0.0181 USD (85%)",
    ):
        assert part in text


def test_of_a_batch_it_shows_each_subject_and_the_failures_first() -> None:
    text = words(BATCH)
    for part in (
        *("3 subjects: 1 failed, 1 waiting, 1 succeeded.", "1 of 3 subjects failed."),
        *("no channel 'EEG 1' in sub-02/a.edf", "Attempt 2.", "1 result missing since."),
        *(f"To repeat it: pennsieve run start --repeat {RUN['id']}", "raw/sub-01/b.edf"),
    ):
        assert part in text
    table = text[text.index("failures first") :]
    assert table.index("sub-02") < table.index("sub-03") < table.index("sub-01")


def test_what_subjects_took_and_cost_is_summed_up() -> None:
    text = words(many_subjects(30))
    assert re.search(r"Median 4 min( \d+ s)?, from 3 min \d+ s to 4 min \d+ s", text)
    assert re.search(r"Median 0\.\d+ USD, from 0\.02\d* USD to 0\.02\d+ USD", text)


def test_subjects_that_failed_alike_are_one_failure() -> None:
    receipt = many_subjects(40, failing=5)
    receipt["subjects"][0] |= {"status": "failed", "reason": "killed: no memory"}
    page = render(receipt)
    assert page.count('<p class="who">') == 2
    assert "There are 2 different reasons, the most frequent first." in page
    assert page.index("5 subjects</strong>. For example:") < page.index("1 subject</strong>.")


@pytest.mark.parametrize(
    ("usd", "sentence"),
    [
        (0.5, "It cost 0.50 USD, more than the estimate of 0.012 USD to 0.041 USD."),
        (0.001, "It cost 0.001 USD, less than the estimate of 0.012 USD to 0.041 USD."),
        (0.01199, "It cost 0.012 USD, within the estimate of 0.012 USD to 0.041 USD."),
        (0, "It cost 0.00 USD, less than the estimate of 0.012 USD to 0.041 USD."),
        (0.00001, "It cost &lt;0.0001 USD, less than"),
        (None, "What it cost is not known: it has not been counted yet."),
    ],
)
def test_the_cost_is_held_against_the_estimate(usd: float | None, sentence: str) -> None:
    assert sentence in render({**RUN, "cost": {**RUN["cost"], "usd": usd}})


def test_without_an_estimate_it_says_so() -> None:
    text = words({**RUN, "cost": {**RUN["cost"], "estimate": None}})
    assert "It cost 0.0214 USD. No estimate was recorded before it started." in text


def test_of_what_goes_on_it_says_as_of_when() -> None:
    text = words(running())
    assert "It had not ended yet. This is as of 28 November 2026, 12:07:00 UTC." in text
    assert "Time so far 6 min 55 s" in text
    assert "it had not ended" in text
    assert "expected 0.02 USD" in text


@pytest.mark.parametrize("kind", ["run", "batch"])
def test_what_nobody_knows_is_unknown_and_never_zero(kind: str) -> None:
    text = words(empty(kind))
    assert "unknown" in text
    assert not re.search(r"\b0(\.0+)? (s|B|USD|files)\b", text)
    assert "Written at an unknown time. This page is complete" in text
    assert "None" not in text.replace("Limits None", "")


@pytest.mark.parametrize("status", [*STATES, "unknown", "", '"><b>'])
def test_each_state_has_a_word(status: str) -> None:
    page = render({**BATCH, "status": status})
    assert STATES.get(status, "unknown") in Reader(page).words.lower()
    assert "<b>" not in page


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value in a document is."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inner:
        yield (*path, name)
        if isinstance(one, dict | list):
            yield from paths(one, (*path, name))


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    float("nan"),
    10**400,
    "x",
    "9999-12-31T23:59:59-14:00",
    [],
    [1],
    {},
)


@pytest.mark.parametrize("receipt", [RUN, BATCH], ids=["run", "batch"])
def test_any_value_may_be_something_else(receipt: Document) -> None:
    """A receipt can be edited by hand, or written by a later version."""
    whole = sealed(receipt, [FileSum.of("ro-crate-metadata.json", b"{}")])
    for number, path in enumerate(paths(whole)):
        changed = copy.deepcopy(whole)
        place: Any = changed
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = ODD[number % len(ODD)]
        assert render(changed).endswith("</html>\n")


def test_the_same_receipt_is_the_same_page() -> None:
    assert render(BATCH) == render(copy.deepcopy(BATCH))
    assert render(RUN) != render(BATCH)


def test_a_thousand_subjects_are_all_there_in_less_than_five_megabytes() -> None:
    receipt = many_subjects(1000)
    pictures = {}
    for row in receipt["subjects"]:
        path = f"results/{row['subject']}/raster.png"
        row["outputs"]["files"][1]["path"] = path
        pictures[path] = png(60, 40, filler=30_000)
    page = render(receipt, pictures)
    assert len(page.encode()) < 5_000_000
    assert page.count('<th scope="row"><a href="#subject-') == 1000
    assert page.count('id="subject-') == 1000
    assert page.count("<img ") > 50


def test_files_that_would_make_a_page_too_long_are_left_to_the_receipt() -> None:
    receipt = copy.deepcopy(RUN)
    file = receipt["outputs"]["files"][0]
    receipt["outputs"]["files"] = [{**file, "path": f"out/{n}.csv"} for n in range(20_000)]
    receipt["outputs"]["count"] = 20_000
    page = render(receipt)
    assert len(page.encode()) < 2_000_000
    shown = page.count(".csv</bdi>")
    assert 1000 < shown < 20_000
    assert f"{20_000 - shown:,} more files: receipt.json lists them." in page


def test_subjects_without_room_have_no_link_to_their_files() -> None:
    receipt = many_subjects(3)
    file = {**receipt["subjects"][0]["inputs"]["files"][0], "path": "x" * 300}
    receipt["subjects"] = [
        {**row, "inputs": {"count": 100, "size": 1, "files": [file] * 100}}
        for row in receipt["subjects"] * 20
    ]
    page = render(receipt)
    linked = {*re.findall(r'href="#(subject-\d+)"', page)}
    assert linked == {*re.findall(r'id="(subject-\d+)"', page)}
    assert 0 < len(linked) < 60


def test_the_checksums_of_files_beside_the_page_are_listed() -> None:
    text = words(sealed(RUN, [FileSum.of("ro-crate-metadata.json", b"{}")]))
    assert "ro-crate-metadata.json 2 B 44136fa355b3" in text
