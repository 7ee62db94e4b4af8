"""Mails about ends: to whom they go, once, when AWS takes them, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.batches import run_id
from pennsieve_agent.errors import AgentError, Conflict, Invalid
from pennsieve_agent.node.mail.mail_text import MOST_SUBJECT, subject_of
from pennsieve_agent.node.mail.send_mail import PATIENCE_SECONDS
from pennsieve_agent.node.mail.subscriptions import MOST_ADDRESSES
from tests.node.batches.batch_calls import batch, finish
from tests.node.owned import Owned, start, user
from tests.node.services import Job, Refusal

TOPIC = "arn:aws:sns:us-east-1:123456789012:n-mail"
ADA = "ada@example.org"


@pytest.fixture
def mails(node: Owned) -> Owned:
    """A node with a topic, and one workflow that is shared with bob."""
    node.world.settings = replace(node.world.settings, mail_topic=TOPIC)
    node.furnish(share=user("bob"))
    return node


def confirm(node: Owned, address: str = ADA) -> None:
    """As by the link in AWS's mail."""
    topic, policy, _ = node.world.addresses[address]
    node.world.addresses[address] = (topic, policy, True)


def asked(node: Owned, address: str = ADA, *, confirmed: bool = True) -> dict[str, Any]:
    """A run whose end this address is told; it was asked before, and has perhaps confirmed."""
    bob = node.caller("bob")
    assert bob.ask("POST", "/mail", body={"address": address})["status"] == "pending"
    if confirmed:
        confirm(node, address)
    return start(mail=address)


def shown(node: Owned, asks: dict[str, Any]) -> dict[str, str]:
    told: dict[str, str] = node.caller("bob").ask("GET", f"/runs/{asks['id']}")["mail"]
    return told


def test_an_address_is_asked_once_and_told_from_others(mails: Owned) -> None:
    bob = mails.caller("bob")

    def status(address: str = ADA) -> str:
        return str(bob.ask("GET", "/mail", {"address": address})["status"])

    assert status() == "none"
    assert not mails.world.addresses, "who only looks asks nobody"
    for _ in range(3):
        assert bob.ask("POST", "/mail", body={"address": ADA})["status"] == "pending"
    assert mails.world.calls["topics.subscribe"] == 1
    assert mails.world.addresses[ADA][1] == {"to": [ADA]}
    assert status() == "pending"
    confirm(mails)
    assert status() == status("Ada@Example.ORG") == "confirmed"
    assert bob.ask("POST", "/mail", body={"address": "Ada@Example.org"})["status"] == "confirmed"
    assert status("grace@example.org") == "none"


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@lab", "a b@example.org", "a@b.org\nBcc: x", "ä@example.org", None]
)
def test_what_is_no_address_is_refused(mails: Owned, address: Any) -> None:
    bob = mails.caller("bob")
    with pytest.raises(Invalid):
        bob.ask("POST", "/mail", body={"address": address})
    if address:
        for path, body in (("/runs", start(mail=address)), ("/batches", batch(1, mail=address))):
            with pytest.raises(Invalid, match="'mail' of a run"):
                bob.ask("POST", path, body=body)
    assert not mails.world.addresses


def test_a_topic_has_as_many_addresses_as_aws_lets_it(mails: Owned) -> None:
    for number in range(MOST_ADDRESSES):
        mails.world.addresses[f"a{number}@example.org"] = (TOPIC, {}, True)
    bob = mails.caller("bob")
    last = {"address": f"a{MOST_ADDRESSES - 1}@example.org"}
    assert bob.ask("GET", "/mail", last)["status"] == "confirmed", "the second page is read, too"
    with pytest.raises(Conflict, match="200 addresses"):
        bob.ask("POST", "/mail", body={"address": ADA})
    del mails.world.addresses["a0@example.org"]
    mails.world.broken = {"topics.subscribe": lambda: Refusal("FilterPolicyLimitExceeded")}
    with pytest.raises(Conflict, match="200 addresses"):
        bob.ask("POST", "/mail", body={"address": ADA})


def test_a_node_without_a_topic_says_so(node: Owned) -> None:
    node.furnish(share=user("bob"))
    with pytest.raises(Conflict, match="no topic for mails"):
        node.caller("bob").ask("POST", "/mail", body={"address": ADA})


def test_the_end_of_a_run_is_told_once_to_who_was_named(mails: Owned) -> None:
    asks = asked(mails)
    other = asked(mails, "grace@example.org")
    bob = mails.caller("bob")
    bob.ask("POST", "/runs", body={**asks, "parameters": {"work": {"LEVEL": "s3cret"}}})
    mails.world.finish_all()
    for _ in range(3):
        mails.world.tick()
    ((to, subject, text),) = mails.world.mailed
    assert to == ADA
    assert subject == f"Pennsieve run '{asks['name']}' succeeded"
    for words in (
        f"Run '{asks['name']}' succeeded.",
        "Workflow: flow 1 v1",
        "Dataset:  d\n",
        "folder 'results' of the dataset",
        " USD (an estimate",
        f"pennsieve run show '{asks['name']}'",
        "compute node 0a1b2c3d",
    ):
        assert words in text, text
    assert "s3cret" not in text
    told = shown(mails, asks)
    assert (told["to"], told["reason"]) == (ADA, "")
    assert told["sent"]
    assert not mails.world.left()
    bob.ask("POST", "/runs", body=other)
    mails.world.finish_all()
    assert [row[0] for row in mails.world.mailed] == [ADA, "grace@example.org"]


def test_nobody_is_told_who_was_not_named(mails: Owned) -> None:
    asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=start())
    mails.world.finish_all()
    assert mails.world.told == []


def test_a_failed_run_says_why_and_where_its_log_is(mails: Owned) -> None:
    asks = asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    finish(mails.world, lambda job: "-work-" in job.name)
    ((_, subject, text),) = mails.world.mailed
    assert subject.endswith("failed")
    assert "Why: " in text
    assert f"pennsieve run logs '{asks['name']}'" in text
    assert "Results" not in text


def test_a_compliant_node_mails_no_names(mails: Owned) -> None:
    mails.world.settings = replace(mails.world.settings, mode="compliant")
    asks = asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    finish(mails.world, lambda job: "-work-" in job.name)
    asks_many = batch(["patient-7", "patient-8"], mail=ADA)
    mails.caller("bob").ask("POST", "/batches", body=asks_many)
    finish(mails.world, lambda job: "-work-" in job.name)
    assert len(mails.world.mailed) == 2
    for (_, subject, text), id_ in zip(
        mails.world.mailed, (asks["id"], asks_many["id"]), strict=True
    ):
        assert id_ in subject
        assert f"pennsieve run show {id_}" in text
        for name in (asks["name"], asks_many["name"], "patient", "flow", "Why", "Dataset"):
            assert name not in subject + text.replace("pennsieve", ""), name


@pytest.mark.parametrize(
    "fault", [lambda: Refusal("InternalError"), lambda: OSError("no way to AWS")]
)
def test_a_mail_that_aws_does_not_take_is_sent_later(
    mails: Owned, fault: Callable[[], Exception]
) -> None:
    asks = asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    mails.world.broken, mails.world.times = {"topics.publish": fault}, 3
    mails.world.finish_all()
    assert mails.world.mailed == []
    assert shown(mails, asks)["status"] == "confirmed"
    assert mails.caller("bob").ask("GET", f"/runs/{asks['id']}")["status"] == "SUCCEEDED"
    for _ in range(5):
        mails.world.tick()
    assert len(mails.world.mailed) == 1
    assert not mails.world.left()


def test_a_mail_that_is_never_taken_is_given_up_after_an_hour(mails: Owned) -> None:
    asks = asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    mails.world.broken = {"topics.publish": lambda: Refusal("KMSDisabled")}
    mails.world.finish_all()
    ticks = 0
    while mails.world.left():
        mails.world.tick()
        ticks += 1
    assert PATIENCE_SECONDS <= ticks * 300 <= PATIENCE_SECONDS + 600
    assert shown(mails, asks) == {"to": ADA, "sent": "", "reason": "AWS refuses: KMSDisabled"}


def test_a_mail_waits_for_who_has_not_confirmed(mails: Owned) -> None:
    asks = asked(mails, confirmed=False)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    mails.world.finish_all()
    assert mails.world.told == [], "AWS would take it, and send it to nobody"
    assert shown(mails, asks)["status"] == "pending"
    confirm(mails)
    mails.world.tick()
    assert [row[0] for row in mails.world.mailed] == [ADA]
    late = start(mail="grace@example.org")
    mails.caller("bob").ask("POST", "/runs", body=late)
    mails.world.finish_all()
    while mails.world.left():
        mails.world.tick()
    assert "had not confirmed" in shown(mails, late)["reason"]


@pytest.mark.parametrize("kill_on", ["topics.publish", "table.put_item"])
def test_who_is_killed_while_it_mails_mails_at_least_once(mails: Owned, kill_on: str) -> None:
    asks = asked(mails)
    mails.caller("bob").ask("POST", "/runs", body=asks)
    mails.world.kill_on = kill_on if kill_on.startswith("topics") else ""
    mails.world.finish_all()
    mails.world.kill_on = "" if kill_on.startswith("topics") else kill_on
    for _ in range(4):
        mails.world.tick()
    assert 1 <= len(mails.world.mailed) <= 2
    assert not mails.world.left()


def test_the_end_of_a_batch_is_one_mail_and_so_is_the_next_end(mails: Owned) -> None:
    owner = mails.owner
    asked(mails)
    asks = batch(3, mail=ADA)
    owner.ask("POST", "/batches", body=asks)
    bad = run_id(asks["id"], "sub-01")

    def fails(job: Job) -> bool:
        return job.name.startswith(bad) and "-work-" in job.name

    assert owner.ask("GET", f"/batches/{asks['id']}")["mail"] == {
        "to": ADA,
        "sent": "",
        "reason": "",
        "status": "confirmed",
    }
    finish(mails.world, fails)
    ((to, subject, text),) = mails.world.mailed
    assert to == ADA
    assert subject == f"Pennsieve batch '{asks['name']}' has ended: 2 of 3 runs succeeded"
    assert "  sub-01 failed: " in text
    assert f"Results:  folder 'results/{asks['name']}' of the dataset, in a folder for each" in text
    assert "sub-00" not in text
    assert f"pennsieve run retry {asks['name']} --failed" in text
    assert owner.ask("GET", f"/batches/{asks['id']}")["mail"]["sent"]
    owner.ask("POST", f"/batches/{asks['id']}/retry", body={"rows": {"sub-01": 1}})
    finish(mails.world)
    assert len(mails.world.mailed) == 2
    assert "3 of 3 runs succeeded" in mails.world.mailed[1][1]
    assert "retry" not in mails.world.mailed[1][2]
    assert not mails.world.left()


def test_the_mail_of_a_batch_is_sent_later_and_given_up_after_an_hour(mails: Owned) -> None:
    asked(mails)
    one, other = batch(1, mail=ADA), batch(1, mail=ADA)
    for asks, times, mailed in ((one, 2, 1), (other, -1, 1)):
        mails.owner.ask("POST", "/batches", body=asks)
        mails.world.broken = {"topics.publish": lambda: Refusal("InternalError")}
        mails.world.times = times
        finish(mails.world)
        ticks = 0
        while mails.world.left():
            mails.world.tick()
            ticks += 1
        assert 0 < ticks * 300 <= PATIENCE_SECONDS + 600
        assert len(mails.world.mailed) == mailed
        told = mails.owner.ask("GET", f"/batches/{asks['id']}")["mail"]
        assert bool(told["sent"]) is (asks is one)
        assert bool(told["reason"]) is (asks is other)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("run 'a' failed", "run 'a' failed"),
        ("run 'Müller\nBcc: x' failed", "run 'Muller Bcc: x' failed"),
        ("run '脳' failed", "run '?' failed"),
    ],
)
def test_a_subject_is_one_that_aws_takes(text: str, subject: str) -> None:
    assert subject_of(text) == subject


def test_a_long_subject_keeps_its_beginning_and_its_end() -> None:
    subject = subject_of(f"Pennsieve batch '{'x' * 127}' has ended: 57 of 60 runs succeeded")
    assert len(subject) == MOST_SUBJECT
    assert subject.startswith("Pennsieve batch 'xx")
    assert subject.endswith("has ended: 57 of 60 runs succeeded")


def test_a_document_of_before_has_no_mail(mails: Owned) -> None:
    asks = start()
    mails.owner.ask("POST", "/runs", body=asks)
    assert "mail" not in mails.owner.ask("GET", f"/runs/{asks['id']}")
    with pytest.raises(AgentError):
        mails.owner.ask("POST", "/runs", body={**asks, "mail": ADA})
