"""Every rule, on repositories that break it and on some that must not."""

from __future__ import annotations

import pytest

from pennsieve_agent.check.rules import RULES
from tests.check.cases import CASES
from tests.check.snapshots import Repo, findings

BROKEN = [
    pytest.param(rule, repo, where, id=f"{rule}-{number}")
    for rule, cases in CASES.items()
    for number, (repo, where) in enumerate(cases.broken)
]
KEPT = [
    pytest.param(rule, repo, id=f"{rule}-{number}")
    for rule, cases in CASES.items()
    for number, repo in enumerate(cases.kept)
]


def test_every_rule_has_two_cases_of_each_kind() -> None:
    assert CASES.keys() == RULES.keys()
    few = [rule for rule, x in CASES.items() if len(x.broken) < 2 or len(x.kept) < 2]
    assert few == []


@pytest.mark.parametrize(("rule", "repo", "where"), BROKEN)
def test_a_rule_is_broken(rule: str, repo: Repo, where: str) -> None:
    places = [finding.where for finding in findings(repo, rule)]
    assert where in places


@pytest.mark.parametrize(("rule", "repo"), KEPT)
def test_a_rule_is_kept(rule: str, repo: Repo) -> None:
    assert findings(repo, rule) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_a_rule_says_why_and_what_to_do(rule: object) -> None:
    for text in (rule.title, rule.why, rule.mend):  # type: ignore[attr-defined]
        assert len(text) > 8
        assert not text.endswith(".")


def test_no_secret_is_ever_quoted() -> None:
    for rule in ("secret-in-file", "dockerfile-secret"):
        for repo, _ in CASES[rule].broken:
            said = " ".join(f"{f} {f.how}" for f in findings(repo))
            for word in ("AKIA", "ghp_", "MIIE", "q8w7", "f3a9", "horse"):
                assert word not in said
