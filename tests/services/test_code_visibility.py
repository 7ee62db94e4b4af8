"""Who may see the code of workflows on Pennsieve, and what is said of it."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.workflows import Application, Step, StepKind, Workflow
from pennsieve_agent.services.workflows.code_visibility import CodeVisibility, registration_note

URL, OTHER = "https://github.com/lab/spike-rate", "https://github.com/lab/filter"
MINE = Application("1", URL, "me", "public", name="spike-rate")
PRIVATE = Application("2", OTHER, "me", "private")
THEIRS = Application("3", OTHER, "grace", "public", name="filter")


def workflow(*urls: str) -> Workflow:
    steps = [Step(url, StepKind.PROCESSOR, source_url=url) for url in urls]
    return Workflow("w", "rates", steps=tuple(steps))


@pytest.mark.parametrize(
    ("applications", "urls", "visibility"),
    [
        ((MINE, PRIVATE), [URL, OTHER], "public"),
        ((MINE, PRIVATE), [OTHER], "private"),
        ((MINE,), [OTHER], None),
        ((), [URL], None),
        (None, [URL], None),
        ((MINE,), [], None),
    ],
)
def test_a_workflow_is_as_visible_as_its_most_visible_code(
    applications: tuple[Application, ...] | None, urls: list[str], visibility: str | None
) -> None:
    assert CodeVisibility(applications, "me").of_workflow(workflow(*urls)) == visibility


def test_public_code_is_named_with_how_to_take_it_back() -> None:
    code = CodeVisibility((MINE, THEIRS), "me")
    mine = (
        "every Pennsieve user can see the code of 'spike-rate'; take it back with: "
        f"pennsieve workflow app unshare {URL} --public"
    )
    assert code.warnings() == [mine]
    assert code.warnings([OTHER]) == [
        "every Pennsieve user can see the code of 'filter'; its owner alone can take that back"
    ]
    assert CodeVisibility((PRIVATE,), "me").warnings() == []


@pytest.mark.parametrize(
    ("known", "is_public", "says"),
    [
        ([], False, "the code is private on Pennsieve; let your workspace use it: pennsieve"),
        ([], True, "--public: every Pennsieve user, of any institution, will see this code"),
        ([MINE], False, "can see the code of 'spike-rate'; take it back with: pennsieve"),
        ([PRIVATE], True, "'filter' is registered already and stays private; show it to every"),
        ([THEIRS], False, "its owner alone can take that back"),
    ],
)
def test_what_registering_means_is_said(
    known: list[Application], *, is_public: bool, says: str
) -> None:
    assert says in registration_note(known, OTHER, "me", is_public=is_public)


def test_private_code_that_stays_so_needs_no_word() -> None:
    assert registration_note([PRIVATE], OTHER, "me", is_public=False) == ""
