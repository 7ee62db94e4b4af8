"""Which kind of compute node is to be made: one of one's own, or one that Pennsieve runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.compute.registration import Registration
    from pennsieve_agent.cli.context import Context


class Kind(StrEnum):
    """Whose node it is."""

    OWN = "own"
    PLATFORM = "platform"


_WORDS = {
    Kind.OWN: (
        "made and called by your AWS credentials; Pennsieve has no rights in your account. A grant "
        "means something: the node moves data of granted datasets, and no other. Its runs are not "
        "shown in the web application, and colleagues need an AWS identity to use it"
    ),
    Kind.PLATFORM: (
        "run by Pennsieve, by a role with wide rights in your account. A grant binds nothing: a "
        "run acts as the person who starts it. The web application shows the node and its runs, "
        "and colleagues need a Pennsieve account alone"
    ),
}
_EARLIER = {"self": Kind.OWN}
"""What the kinds were called before."""


def choose(context: Context, registration: Registration, provisioner: str | None) -> Kind:
    """The kind that was named or begun; else what is answered, or own where nobody can answer.

    Raises:
        UsageProblem: there is no such kind.
    """
    if provisioner is not None:
        return _named(provisioner)
    begun = _begun(context, registration.name)
    if begun is not None:
        return begun
    if (
        registration.yes
        or registration.dry_run
        or registration.from_stack
        or not context.streams.can_ask
    ):
        context.streams.note(
            "an own node: Pennsieve has no rights in your AWS account (for one that Pennsieve "
            "runs: --provisioner platform)"
        )
        return Kind.OWN
    return _answered(context)


def _named(word: str) -> Kind:
    if word in _EARLIER:
        return _EARLIER[word]
    try:
        return Kind(word)
    except ValueError:
        raise UsageProblem(
            f"there is no provisioner '{word}'", hint="choose own or platform"
        ) from None


def _begun(context: Context, name: str) -> Kind | None:
    """What a node of this name is, where it was begun on this machine."""
    from pennsieve_agent.account.world.registration_journal import Journal
    from pennsieve_agent.cli.compute import node_choice, views

    if any(node.name == name for node in node_choice.memory(context).list()):
        return Kind.OWN
    entry = Journal(views.journals(context), context.profile.name, name).read()
    if entry is None:
        return None
    return Kind.PLATFORM if entry.role else Kind.OWN


def _answered(context: Context) -> Kind:
    context.streams.note("Which kind of compute node?")
    for kind, words in _WORDS.items():
        context.streams.note(f"  {kind}: {words}.")
    answer = context.streams.ask("own or platform [own]", instead="add: --provisioner own")
    return _named(answer.strip().casefold() or Kind.OWN)
