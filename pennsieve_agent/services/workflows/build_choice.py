"""Who builds a workflow's code: Pennsieve, this machine, or an own node. Pure decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.source.repository_urls import is_github, name_of

REGISTER = "pennsieve compute register"


class Build(StrEnum):
    """Where an image is built. ``AUTO`` chooses."""

    AUTO = "auto"
    PENNSIEVE = "pennsieve"
    HERE = "here"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Choice:
    """Where it is built, and why there."""

    build: Build
    why: str


@dataclass(frozen=True, slots=True)
class OwnNodes:
    """The own nodes that are to get code: how many, and the first that cannot build it, by name.

    ``is_engine_there`` says whether this machine can make what they run.
    """

    count: int
    without_builder: str = ""
    is_engine_there: Callable[[], bool] = lambda: True


def obstacle(checkouts: Sequence[Checkout], is_public: Callable[[str], bool]) -> str:
    """Why Pennsieve cannot build code; empty if it can.

    It takes version tags of GitHub alone, and what it may read (``contracts/upstream-2026-11.md``
    2 and 3). ``is_public`` says whether anybody may read a repository.
    """
    for checkout in checkouts:
        name = name_of(checkout.source_url)
        if checkout.image:
            return f"{name} is an image, and Pennsieve's nodes run what Pennsieve built"
        if checkout.manifest.command is not None:
            return f"{name} has a command line, which Pennsieve's nodes do not pass on"
        if not is_github(checkout.source_url):
            return f"{name} is not on GitHub"
        if not checkout.is_tag:
            return f"{name} at {checkout.tag} is not a tag"
    for checkout in checkouts:
        if not is_public(checkout.source_url):
            return f"{name_of(checkout.source_url)} is private, and Pennsieve cannot read it"
    return ""


def choose(option: Build, obstacle: str, own: OwnNodes) -> Choice:
    """Decide where to build.

    Raises:
        UsageProblem: not as asked; or, for ``auto``, nowhere.

    """
    match option:
        case Build.PENNSIEVE if obstacle:
            raise UsageProblem(
                f"Pennsieve cannot build this: {obstacle}",
                hint="push it to GitHub with a tag; or build it on this machine: --build here",
            )
        case Build.PENNSIEVE:
            return Choice(option, "as asked")
        case Build.AUTO if not obstacle:
            return Choice(Build.PENNSIEVE, "it is on GitHub at a tag")
        case Build.AUTO | Build.HERE | Build.NODE if not own.count:
            why = obstacle or "Pennsieve does not build it"
            raise UsageProblem(
                f"this code can run only on a compute node of your own ({why}), and you have none",
                hint=f"create one with: {REGISTER}; or push the code to GitHub with a version tag",
            )
        case Build.AUTO:
            return choose_own(option, obstacle, own)
        case _:
            return choose_own(option, "as asked", own)


def choose_own(option: Build, why: str, own: OwnNodes) -> Choice:
    """Decide between this machine and the nodes, for code that Pennsieve does not build.

    Raises:
        UsageProblem: a node cannot build it, as was asked.
    """
    if option is Build.NODE and own.without_builder:
        raise UsageProblem(
            f"node '{own.without_builder}' is of mode compliant: it has no internet access, which "
            "base images come from, so it cannot build images",
            hint="build it on this machine, with a container engine: --build here",
        )
    if option is Build.NODE:
        return Choice(Build.NODE, why)
    if option is Build.AUTO and not own.without_builder and not own.is_engine_there():
        return Choice(Build.NODE, f"{why}, and no container engine answers on this machine")
    return Choice(Build.HERE, why)
