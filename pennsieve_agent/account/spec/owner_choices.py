"""A node's settings in words, and the differences between two versions of them. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.spec.node_spec import Settings


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that will change: its name, and its values in words."""

    setting: str
    before: str
    after: str
    but: str = ""

    @property
    def line(self) -> str:
        """The change in one line."""
        return f"{self.setting}: {self.before} -> {self.after}" + (self.but and f" ({self.but})")

    def to_json(self) -> dict[str, Any]:
        """The change for ``--json``."""
        return asdict(self)


_BUT = {"tags": "except compute environments and the stack, which AWS would have to replace"}
"""What a change leaves out; see :class:`~pennsieve_agent.account.spec.node_spec.Kept`."""


def in_words(settings: Settings) -> dict[str, str]:
    """What may be changed later, by its name."""
    gpu, extras = settings.gpu, settings.extras
    return {
        "CPUs at once": str(settings.max_vcpus),
        "GPU machines": f"at most {gpu.most} of {gpu.instance_type}" if gpu else "none",
        "budget": _budget(settings),
        "boundary": extras.boundary or "the node's own",
        "tags": ", ".join(f"{key}={value}" for key, value in extras.tags) or "none",
    }


def _budget(settings: Settings) -> str:
    if not settings.monthly_budget:
        return "none"
    warned = settings.budget_email or "whoever subscribes to its topic"
    return f"{settings.monthly_budget:.2f} USD a month; warned at 80 %: {warned}"


def changes(before: Settings | None, now: Settings) -> tuple[SettingChange, ...]:
    """What differs; nothing where there was no node before."""
    if before is None:
        return ()
    was, will = in_words(before), in_words(now)
    return tuple(
        SettingChange(name, was[name], value, _BUT.get(name, ""))
        for name, value in will.items()
        if was[name] != value
    )
