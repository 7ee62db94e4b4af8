"""Ctrl+C while a build on an own node is followed: it goes on, or is stopped after a yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow.follow_build import follow_build
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.image_builds import BuildSize, BuildState, NodeBuild
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.services.workflows.node_builds import NodeBuilds

BUILD = NodeBuild("1234", "a" * 64, "spikes", "", "", BuildSize.SMALL, BuildState.RUNNING)
OWN = OwnNode("0a1b2c3d", "my-compute", "", "123456789012", "us-east-1", "", "admin")


class Followed(NodeBuilds):
    """Builds that somebody leaves while he follows them."""

    stopped: tuple[str, ...] = ()

    def follow(self, build: NodeBuild, show: Callable[[str], None]) -> NodeBuild:
        show("[Container] 2026/11/29 12:00:00 Running command docker build")
        show("Step 1/2 : FROM python")
        raise KeyboardInterrupt(build.id)

    def stop(self, build: str) -> None:
        self.stopped = (*self.stopped, build)


@pytest.mark.parametrize(
    ("answer", "terminal", "stopped", "said"),
    [
        ("y\n", True, ("1234",), ("was stopped", "pennsieve workflow build again 1234")),
        ("n\n", True, (), ("goes on", "pennsieve workflow build logs 1234")),
        ("", False, (), ("goes on", "pennsieve workflow build logs 1234")),
    ],
)
def test_who_leaves_a_build_is_asked_whether_it_is_to_stop(
    answer: str,
    terminal: bool,  # noqa: FBT001 - a parameter of the test
    stopped: tuple[str, ...],
    said: tuple[str, str],
) -> None:
    no_calls: Any = None
    builds = Followed(OWN, no_calls, lambda _: None)
    streams = Streams.for_test(answer, terminal=terminal)
    with Context(streams, {}) as context:
        with pytest.raises(KeyboardInterrupt):
            follow_build(context, builds, BUILD)
        assert builds.stopped == stopped
        assert all(words in context.interruption.words for words in said)
    shown = streams.err.getvalue()  # type: ignore[attr-defined]
    assert "Step 1/2 : FROM python" in shown
    assert "[Container]" not in shown
    assert ("Stop the build on node 'my-compute', too?" in shown) is terminal
