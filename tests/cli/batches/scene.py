"""A machine with an own node that keeps batches, as the tests of these commands need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError
from tests.cli.conftest import DATASET
from tests.cli.harness import Agent, Result
from tests.fakes.batch_node import BatchNode
from tests.fakes.run_node import NODE

START = ("run", "start", "-d", DATASET, "--node", "my-node", "-w", "own-count")
SUBJECTS = ("sub-01", "sub-02", "Zoë 3")


@dataclass
class Scene:
    """A machine that knows one own node. ``lost`` answers are taken, and do not arrive."""

    agent: Agent
    node: BatchNode
    lost: list[AgentError] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        answer = self.node.ask(method, path, query, body, admin=admin)
        if self.lost and path == "/batches" and method == "POST":
            raise self.lost.pop()
        return answer

    def calls(self, node: OwnNode) -> Scene | None:
        return self if node.token == NODE.token else None

    def __call__(self, *words: str, code: int = 0, **more: Any) -> Result:
        result = self.agent(*words, **more)
        assert result.code == code, result.err
        return result

    @property
    def batch(self) -> str:
        """The id of the latest batch."""
        return list(self.node.batches)[-1]


def table(tmp_path: Path, text: str) -> str:
    path = tmp_path / "subjects.csv"
    path.write_text(text, encoding="utf-8-sig")
    return str(path)
