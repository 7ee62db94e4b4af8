"""What a compute node is made of, as this machine remembers it; AWS is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pennsieve_agent
from pennsieve_agent.account.spec import owner_choices
from pennsieve_agent.account.spec.names import STACK_PREFIX
from pennsieve_agent.account.spec.spec_json import settings_json
from pennsieve_agent.cli.compute import views
from pennsieve_agent.domain import prices
from pennsieve_agent.domain.own_node import OwnNode

if TYPE_CHECKING:
    from pennsieve_agent.account.spec.node_spec import Settings
    from pennsieve_agent.account.world.registration_journal import JournalEntry
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.compute import ComputeNode


@dataclass(frozen=True, slots=True)
class NodeDetails:
    """What the journal of a node says; ``entry`` is None where another machine made it."""

    node: ComputeNode | OwnNode
    entry: JournalEntry | None

    @property
    def version(self) -> str:
        """The version of what runs in AWS; empty where nobody says."""
        if self.entry is not None and self.entry.code is not None:
            return self.entry.code.version
        return self.node.version if isinstance(self.node, OwnNode) else self.node.provisioner_tag

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values, to be shown."""
        pairs = [("version", self._version_words())]
        if self.entry is None or self.entry.role:
            return pairs
        where = f"{STACK_PREFIX}{self.entry.token} in {self.entry.region}"
        return [("stack", where), *pairs, *_pairs(self.entry.settings)]

    def _version_words(self) -> str:
        ours = pennsieve_agent.__version__
        if isinstance(self.node, OwnNode):
            if self.version == ours or not self.node.is_owned:
                return self.version
            return f"{self.version}; pennsieve compute update '{self.node.name}' brings {ours}"
        if self.node.update_available:
            newer = self.node.latest_version
            return f"{self.version}; pennsieve compute update '{self.node.name}' brings {newer}"
        return self.version

    def to_json(self) -> dict[str, Any]:
        """The same for ``--json``."""
        entry = self.entry if self.entry is not None and not self.entry.role else None
        region = self.node.region if isinstance(self.node, OwnNode) else None
        return {
            "version": self.version or None,
            "stack": f"{STACK_PREFIX}{entry.token}" if entry is not None else None,
            "region": entry.region if entry is not None else region,
            "settings": settings_json(entry.settings) if entry is not None else None,
        }


def _pairs(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("while idle", f"about {idle_usd(settings):.2f} USD a month"),
        ("network", settings.network.vpc_id or "its own"),
        *owner_choices.in_words(settings).items(),
    ]


def idle_usd(settings: Settings) -> float:
    """What a node with these settings costs a month while nothing runs, in USD."""
    return prices.total(prices.idle_cost(settings.mode, own_network=not settings.network))


def details_of(context: Context, node: ComputeNode | OwnNode) -> NodeDetails:
    """What a node is made of."""
    from pennsieve_agent.account.world.registration_journal import Journal

    folder = views.journals(context)
    node_id = node.token if isinstance(node, OwnNode) else node.uuid
    entry = Journal.of_node(folder, context.profile.name, node.name, node_id).read()
    ours = entry is not None and node_id in {entry.node_uuid, entry.token}
    return NodeDetails(node, entry if ours else None)
