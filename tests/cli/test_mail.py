"""--mail as typed: AWS asks first, then a run and a batch tell their ends, with nobody waiting."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.conftest import DATASET, Lab, with_two_kinds
from tests.cli.following import wait_for
from tests.cli.harness import Agent, Result
from tests.prepared import Prepared

START = ("run", "start", "-d", DATASET, "-w", "word-count", "--node", "my-compute")
ONE, EACH = (*START, "--files", "raw/*"), (*START, "--each-file", "raw/**/*.txt")
LINK = re.compile(r"http://127\.0\.0\.1:\d+/sns-confirmation/\w+")
TOLD = "open the mail from AWS and click 'Confirm subscription'"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own, with a node of each kind, whose mails nobody else reads."""
    lab = with_two_kinds(tmp_path_factory, prepared)
    yield lab
    lab.box.stop()


def mails(lab: Lab) -> list[str]:
    return [path.read_text() for path in sorted((lab.box.data / "mail").glob("*.txt"))]


def typed(agent: Agent, *words: str, code: int = 0) -> Result:
    result = agent(*words)
    assert result.code == code, result.err
    return result


def eventually(what: Callable[[], Any]) -> Any:
    """What comes of itself, which may take a moment; never is a failure."""
    wait_for(lambda: bool(what()), lambda: "it never came")
    return what()


def confirm(lab: Lab, agent: Agent, address: str) -> None:
    """As somebody who was asked, and opens the link."""
    question = next(
        text for text in reversed(mails(lab)) if f"To: {address}" in text and LINK.search(text)
    )
    link = LINK.search(question)
    assert link is not None
    with urllib.request.urlopen(link[0], timeout=10) as page:  # noqa: S310 - on loopback
        assert b"Subscription confirmed!" in page.read()
    assert mail_of(agent, "--dry-run", to=address)["status"] == "confirmed"


def mail_of(agent: Agent, *words: str, to: str) -> dict[str, Any]:
    mail: dict[str, Any] = typed(agent, *ONE, *words, "--mail-to", to, "--json").document["mail"]
    return mail


def test_a_run_tells_its_end_to_who_has_confirmed(lab: Lab, agent: Agent) -> None:
    to = "runs@example.org"
    plan = typed(agent, *ONE, "--mail-to", to, "--dry-run")
    assert f"to {to} when it ends (AWS first asks by a mail whether it may)" in plan.out
    assert not any(to in text for text in mails(lab)), "a rehearsal asks nobody"
    first = typed(agent, *ONE, "--mail-to", to, "--name", "first", "-p", "HOLD=true")
    assert f"AWS has sent a mail to {to}" in first.err
    assert str(lab.box.data / "mail") in first.err
    shown = typed(agent, "run", "show", "first")
    assert f"to {to} when it ends (not confirmed yet: {TOLD})" in " ".join(shown.out.split())
    confirm(lab, agent, to)
    shown = typed(agent, "run", "show", "first")
    assert f"to {to} when it ends\n" in shown.out
    typed(agent, "run", "cancel", "first", "--wait")
    (told,) = eventually(lambda: [text for text in mails(lab) if "Run 'first'" in text])
    assert f"To: {to}\n" in told
    assert "Subject: Pennsieve run 'first' was cancelled\n" in told
    assert "pennsieve run show first" in told
    document = eventually(lambda: sent(agent, "first"))
    assert (document["address"], document["reason"]) == (to, None)
    assert f"sent to {to}" in typed(agent, "run", "show", "first").out
    again = typed(agent, "run", "retry", "first", "--dry-run", "--json").document
    assert (again["mail"]["address"], again["mail"]["status"]) == (to, "confirmed")


def test_who_has_not_confirmed_at_the_end_is_told_what_to_do(lab: Lab, agent: Agent) -> None:
    to = "late@example.org"
    typed(agent, *ONE, "--mail-to", to, "--name", "late", "--wait")
    shown = " ".join(typed(agent, "run", "show", "late").out.split())
    assert f"to {to} in the next minutes (not confirmed yet: {TOLD})" in shown
    assert not [text for text in mails(lab) if "Run 'late'" in text]


def sent(agent: Agent, name: str) -> dict[str, Any] | None:
    document = typed(agent, "run", "show", name, "--json").document
    mail: dict[str, Any] = (document.get("details") or document)["mail"]
    return mail if mail["sent_at"] else None


def test_a_batch_tells_its_end_once_to_ones_own_address(lab: Lab, agent: Agent) -> None:
    own = typed(agent, "whoami", "--json").document["user"]["email"]
    typed(agent, *EACH, "--mail", "--name", "asked", "--wait")
    confirm(lab, agent, own)
    ended = typed(
        agent,
        *EACH,
        "--mail",
        "--name",
        "many",
        "-p",
        "MINIMUM=1",
        "-p",
        "EXIT=3",
        "--wait",
        code=3,
    )
    assert "AWS has sent" not in ended.err, "who has confirmed is not asked again"
    (told,) = eventually(lambda: [text for text in mails(lab) if "Batch 'many'" in text])
    assert f"To: {own}\n" in told
    assert "Batch 'many' has ended: 0 of 2 runs succeeded." in told
    for line in ("  a failed: ", "  deep/b failed: ", "pennsieve run retry many --failed"):
        assert line in told
    assert eventually(lambda: sent(agent, "many"))["address"] == own
    assert not [text for text in mails(lab) if "Run 'many/" in text], "one mail for all"


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ((*ONE, "--mail-to", "ada"), "--mail-to 'ada' cannot be used", "for example"),
        ((*EACH, "--mail-to", "ä@example.org"), "AWS does not send mails to", "for example"),
        (
            (*START[:-1], "theirs", "--files", "raw", "--mail"),
            "'theirs' is run by Pennsieve, which mails nobody",
            "--webhook URL",
        ),
        (
            (*START[:-1], "theirs", "--each-file", "raw/*.txt", "--mail"),
            "'theirs' is run by Pennsieve, which mails nobody",
            "--then COMMAND",
        ),
        ((*START[:-2], "--local", "--mail"), "--mail and --local", "leave one out"),
        (("run", "start", "--resume", "many", "--mail"), "--mail", ""),
    ],
)
def test_what_cannot_be_mailed_is_refused_before_anything_is_sent(
    lab: Lab, agent: Agent, words: tuple[str, ...], said: str, hint: str
) -> None:
    before = mails(lab)
    refused = typed(agent, *words, code=2)
    assert said in refused.err
    assert hint in refused.err
    assert mails(lab) == before
