"""Where the code of a registered workflow is."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.workflows.registered_code import CodePlace, Registered, code_places

PUBLIC = "https://github.com/lab/spikes"
FOLDER = "file:///home/ada/spikes"


def known(address: str, commits: dict[tuple[str, str], str] | None = None) -> Registered:
    step = Step("spikes", StepKind.PROCESSOR, source_url=address, tag="v1")
    return Registered(Workflow("w", "flow", steps=(step,)), commits=commits or {})


@pytest.mark.parametrize(
    ("registered", "addresses", "commits", "place"),
    [
        (known(PUBLIC), (), {}, CodePlace("spikes", PUBLIC, "v1")),
        (known(PUBLIC), (), {(PUBLIC, "v1"): "c1"}, CodePlace("spikes", PUBLIC, "v1", "c1")),
        # What the node says counts more than what this machine remembers.
        (
            known(PUBLIC, {(PUBLIC, "v1"): "c2"}),
            (),
            {(PUBLIC, "v1"): "c1"},
            CodePlace("spikes", PUBLIC, "v1", "c2"),
        ),
        (known("local:spikes"), (FOLDER,), {}, CodePlace("spikes", FOLDER, "v1")),
        # Another repository than the one that is registered is not taken for it.
        (known(PUBLIC), (FOLDER,), {}, CodePlace("spikes", PUBLIC, "v1")),
    ],
)
def test_a_place(
    registered: Registered,
    addresses: tuple[str, ...],
    commits: dict[tuple[str, str], str],
    place: CodePlace,
) -> None:
    assert code_places(registered, addresses, commits) == (place,)


@pytest.mark.parametrize(
    ("address", "addresses"),
    [
        ("local:spikes", ()),
        ("git:spikes", ()),
        ("local:spikes", ("file:///home/ada/other",)),
        ("local:spikes", (FOLDER, FOLDER)),
        ("", ()),
    ],
)
def test_a_place_that_nobody_knows(address: str, addresses: tuple[str, ...]) -> None:
    with pytest.raises(UsageProblem, match="does not know where the code of step 'spikes'"):
        code_places(known(address), addresses, {})
