"""A command as a user types it, in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.aws.session import Aws
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

USES_AWS = {
    *(("aws", word) for word in ("add", "list", "test")),
    ("workflow", "add"),
    *(
        ("compute", word)
        for word in (
            *("register", "update", "delete", "policy", "doctor", "role"),
            *("list", "share", "unshare", "join"),
        )
    ),
}
"""The commands that may touch AWS; the others work where there is none.

Where this machine knows an own node, those that ask it may, too.
"""


class _Context(Context):
    """Fails a test whose command touches AWS and has no business there."""

    words: tuple[str, ...] = ()
    nodes: Callable[[OwnNode], NodeCalls | None] | None = None

    def node_calls(self, node: OwnNode) -> NodeCalls:
        own = self.nodes(node) if self.nodes else None
        return own or super().node_calls(node)

    def aws(self, region: str | None, profile: str | None) -> Aws:
        assert self.words[:2] in USES_AWS or self.own_nodes, f"{self.words} touches AWS"
        return super().aws(region, profile)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Agent:
    """Types commands with an environment of its own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        #: Pauses end at once: for waiting that is only told about, not tested.
        self.quick = False
        #: How own nodes are called, where not with AWS credentials.
        self.nodes: Callable[[OwnNode], NodeCalls | None] | None = None

    def __call__(
        self, *words: str, answers: str = "", terminal: bool = False, width: int = 80
    ) -> Result:
        streams = Streams.for_test(answers, terminal=terminal, width=width)
        context = _Context(streams, self.environ)
        context.words = words
        context.nodes = self.nodes
        if self.quick:
            context.sleep = lambda _: None
        code = run(words, context)
        assert isinstance(streams.out, io.StringIO)
        assert isinstance(streams.err, io.StringIO)
        return Result(code, streams.out.getvalue(), streams.err.getvalue())
