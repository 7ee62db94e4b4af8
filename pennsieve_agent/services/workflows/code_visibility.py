"""Who may see the code of workflows on Pennsieve: everybody there, or those it is shared with.

Earlier versions of this program registered code without ``isPrivate``, so that every Pennsieve user
could see it (``contracts/upstream-2026-11.md`` 3). That stays until its owner takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.sharing import Visibility
from pennsieve_agent.domain.workflows import Application, Workflow
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.services.workflows.apps import short_name

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

EVERYBODY = "every Pennsieve user"


@dataclass(frozen=True, slots=True)
class CodeVisibility:
    """The registered code that the user may see; None where Pennsieve does not tell."""

    applications: tuple[Application, ...] | None
    user_id: str

    def of(self, source_url: str) -> str | None:
        """``public`` or ``private``; None for code that is not registered, or not known."""
        for app in self.applications or ():
            if app.source_url == source_url:
                return app.visibility.casefold() or None
        return None

    def of_workflow(self, workflow: Workflow) -> str | None:
        """``public`` where a step's code is, ``private`` where none is; None if not known."""
        values = {self.of(step.source_url) for step in workflow.processors} - {None}
        if not values:
            return None
        return Visibility.PUBLIC.value if Visibility.PUBLIC.value in values else "private"

    def warnings(self, source_urls: Sequence[str] | None = None) -> list[str]:
        """Sentences on public code and how to take it back: of these addresses, or all of mine."""
        sentences = []
        for app in self.applications or ():
            is_mine = app.owner_id == self.user_id
            is_meant = is_mine if source_urls is None else app.source_url in source_urls
            if is_meant and app.visibility.casefold() == Visibility.PUBLIC.value:
                sentences.append(public_sentence(app, is_mine=is_mine))
        return sentences


def public_sentence(app: Application, *, is_mine: bool) -> str:
    """That everybody may see code, and how that is taken back."""
    remedy = (
        f"take it back with: pennsieve workflow app unshare {app.source_url} --public"
        if is_mine
        else "its owner alone can take that back"
    )
    return f"{EVERYBODY} can see the code of '{short_name(app)}'; {remedy}"


def code_visibility(platform: Platform, user_id: str) -> CodeVisibility:
    """Ask Pennsieve once for all code; a refusal hides nothing else from the user."""
    try:
        return CodeVisibility(tuple(platform.applications.list()), user_id)
    except PlatformError:
        return CodeVisibility(None, user_id)


def registration_note(
    known: Sequence[Application], source_url: str, user_id: str, *, is_public: bool
) -> str:
    """What registering code means for who may see it; ``known`` are its records of before.

    Empty where nothing changes: it is private, and stays so.
    """
    share = f"pennsieve workflow app share {source_url}"
    if not known and is_public:
        return (
            f"--public: {EVERYBODY}, of any institution, will see this code with its name and its "
            f"versions: {source_url}"
        )
    if not known:
        return f"the code is private on Pennsieve; let your workspace use it: {share} --workspace"
    app = known[0]
    if app.visibility.casefold() == Visibility.PUBLIC.value:
        return public_sentence(app, is_mine=app.owner_id == user_id)
    if is_public:
        return (
            f"'{short_name(app)}' is registered already and stays private; show it to {EVERYBODY} "
            f"with: {share} --public"
        )
    return ""
