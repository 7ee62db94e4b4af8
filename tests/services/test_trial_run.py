"""A trial run leaves no workflow on its node, whatever happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pennsieve_agent.errors import Forbidden
from pennsieve_agent.services.nodes.trial_run import begin

PATH = "/workflows/pennsieve-trial-run"


class Calls:
    """Notes what is asked; refuses runs if it is to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.asked: list[tuple[str, str]] = []
        self._refuses = refuses

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        assert admin
        assert query is None
        assert (body is None) is (method == "DELETE")
        self.asked.append((method, path))
        if method == "POST" and self._refuses:
            raise Forbidden("this month's budget is used up", status=403)
        return {}


def test_the_workflow_is_there_for_the_start_alone() -> None:
    calls = Calls()
    begin(calls, "image", "run", "phrase")
    # What a killed command left goes first: a version of another image cannot be registered.
    assert calls.asked == [
        *(("DELETE", PATH), ("PUT", f"{PATH}/versions/v1")),
        *(("POST", "/runs"), ("DELETE", PATH)),
    ]


def test_a_start_that_is_refused_leaves_no_workflow() -> None:
    calls = Calls(refuses=True)
    with pytest.raises(Forbidden):
        begin(calls, "image", "run", "phrase")
    assert calls.asked[-1] == ("DELETE", PATH)
