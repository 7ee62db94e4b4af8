"""The suite is whole: every name once, every section there, and enough of each kind."""

from __future__ import annotations

import re
from collections import Counter

from pennsieve_agent.contract.check import Asker, Check, Json, Nothing, Text
from pennsieve_agent.contract.suite import all_checks

CHECKS = all_checks()
MAY_BE_POSTED = {"/", "/packages/download-manifest"}


def test_names_are_unique() -> None:
    repeated = [
        (name, count) for name, count in Counter(c.name for c in CHECKS).items() if count > 1
    ]
    assert not repeated


def test_names_begin_with_file_and_section() -> None:
    for check in CHECKS:
        assert re.fullmatch(
            r"(core|resources|workflows|upstream-2026-11)\.md \d+(\.\d+)?( [a-g])?", check.section
        )


def test_what_reads_is_asked_by_get_or_changes_nothing() -> None:
    wrong = [
        check.name
        for check in CHECKS
        if check.reads and check.method != "GET" and check.path not in MAY_BE_POSTED
    ]
    assert not wrong


def test_every_value_is_known_before_it_is_asked_with() -> None:
    known = {
        *("workspace", "user", "nowhere", "aws_account", "dataset", "dataset_name"),
        *("dataset_word", "viewer", "viewer_key", "viewer_secret", "stranger"),
    }
    for check in CHECKS:
        assert needed(check) <= known, check.name
        known |= set(check.keep)


def needed(check: Check) -> set[str]:
    asked = f"{check.path} {dict(check.query)} {check.body!r}"
    return set(re.findall(r"\{#?([a-z_][a-z_0-9]*)\}", asked))


def test_there_are_enough_of_each_kind() -> None:
    assert len(CHECKS) >= 120
    assert sum(check.reads and check.hosted for check in CHECKS) >= 60
    assert {check.asker for check in CHECKS} == set(Asker)
    for kind in (Json, Text, Nothing):
        assert any(isinstance(check.answer, kind) for check in CHECKS), kind
    assert sum(not status_is_good(check) for check in CHECKS) >= 60


def status_is_good(check: Check) -> bool:
    return min(check.status) < 400
