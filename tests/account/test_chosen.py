"""What a node's owner chose, in words."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.account.spec.node_spec import Gpu, Settings
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.owner_choices import changes, in_words

BEFORE = Settings(monthly_budget=50, extras=Extras(tags=(("owner", "ada"), ("grant", "7"))))


def test_only_what_differs_is_a_change() -> None:
    now = replace(BEFORE, max_vcpus=8, gpu=Gpu("g4dn.xlarge", 4, 2), monthly_budget=0)
    assert [change.line for change in changes(BEFORE, now)] == [
        "CPUs at once: 64 -> 8",
        "GPU machines: none -> at most 2 of g4dn.xlarge",
        "budget: 50.00 USD a month; warned at 80 %: whoever subscribes to its topic -> none",
    ]


def test_a_node_that_was_not_there_has_no_changes() -> None:
    assert changes(None, BEFORE) == changes(BEFORE, BEFORE) == ()


def test_nothing_chosen_is_said_as_that() -> None:
    words = in_words(Settings())
    assert (words["tags"], words["boundary"], words["budget"]) == (
        "none",
        "the node's own",
        "none",
    )
    assert in_words(BEFORE)["tags"] == "owner=ada, grant=7"
