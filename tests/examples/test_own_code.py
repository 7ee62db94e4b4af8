"""The README's recordings: really typed, and held to what is answered today."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from pennsieve_agent.cli.command import click_command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.resolve import Call, resolve
from pennsieve_agent.console.streams import Streams
from tests.prepared import Prepared
from tests.tools.recording import BATCH, OWN_CODE, ROOT, answers

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = re.findall(
    r"(?m)^pennsieve (workflow (?:init|test|add)|run start|dataset grant) (.+)$", README
)


def test_the_recording_is_what_is_answered(prepared: Prepared, tmp_path: Path) -> None:
    prepared.into(tmp_path / "demo")
    kept, now = (
        answers(OWN_CODE.recorded()),
        answers(OWN_CODE.shortened(OWN_CODE.typed(tmp_path / "demo"))),
    )
    assert list(kept) == list(now), "write it anew with: python -m tests.tools.recording"
    # Not their order, as results and notes come on two streams; and pip says more elsewhere.
    missing = {words: Counter(said) - Counter(now[words]) for words, said in kept.items()}
    assert [said for said in missing.values() if said] == []


def test_it_is_four_commands_and_three() -> None:
    groups = [" ".join(shlex.split(words)[1:3]) for words in answers(OWN_CODE.recorded())]
    four = ["workflow init", "workflow test", "workflow add", "run start"]
    assert groups == [*four, "workflow add", "dataset grant", "run start"]


@pytest.mark.parametrize(("words", "rest"), LINES)
def test_what_the_text_says_of_them_can_be_typed(words: str, rest: str) -> None:
    """The four commands, and the three for an image of a BIDS App, as the text has them."""
    call = resolve([*words.split(), *shlex.split(rest, comments=True)])
    assert isinstance(call, Call)
    assert not call.notes
    context = Context(Streams.for_test(), {})
    click_command(call.command).make_context(words, list(call.arguments), obj=context)


def test_an_image_takes_the_same_three() -> None:
    images = [shlex.split(rest) for words, rest in LINES if "docker://" in rest]
    assert images[0][1:3] == ["--bids", "participant"]
    code = [shlex.split(words) for words in answers(OWN_CODE.recorded()) if "--bids" in words]
    assert code[0][-2:] == ["--bids", "participant"]


def test_a_batch_fails_in_part_and_is_repeated(prepared: Prepared, tmp_path: Path) -> None:
    """With fewer subjects than in the README: the same commands, and the same table of failures."""
    prepared.into(tmp_path / "demo")
    small = BATCH.shortened(BATCH.typed(tmp_path / "demo", small=True))
    kept, now = answers(BATCH.recorded()), answers(small)
    assert list(kept) == list(now), "write it anew with: python -m tests.tools.recording"
    before, after = ("pennsieve run show first --failed", "pennsieve run show first")
    for recorded, succeeded in ((kept, 57), (now, 2)):
        assert f"status\tfailed: {succeeded} succeeded, 3 failed" in recorded[before]
        assert f"status\tsucceeded: {succeeded + 3} succeeded" in recorded[after]
        rows = [line for line in recorded[before] if line.startswith("sub-")]
        assert [row.split("\t")[1:5] for row in rows] == 3 * [
            ["failed", "done", "failed", "skipped"]
        ]
