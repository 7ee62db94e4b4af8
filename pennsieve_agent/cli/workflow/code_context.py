"""What the commands that register code have in common: where it is fetched, built and put."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Checkout
    from pennsieve_agent.services.workflows.registration import Means
    from pennsieve_agent.settings.workflow_code import WorkflowCode

Looked = TypeVar("Looked")


@contextmanager
def registering(context: Context) -> Iterator[tuple[Means, Path]]:
    """What code is registered with, and a folder that is removed afterwards."""
    from pennsieve_agent.cli.compute.node_images import LazyEngine, desks
    from pennsieve_agent.services.workflows.registration import Means
    from pennsieve_agent.source.fetch import is_public
    from pennsieve_agent.transfer.temporary_folders import temporary_folder

    part = context.interruption.during(
        "a part is done: an image, a version, or the workflow",
        "go on with: the same command, which does nothing twice",
    )
    with part, temporary_folder() as folder, closing(LazyEngine(context)) as engine:
        yield (
            Means(
                platform=context.platform,
                organization_id=context.workspace_id,
                user_id=context.user.id,
                code=code_record(context),
                desks=desks(context, engine),
                engine=engine,
                is_public=is_public,
                token=lambda url: _token_for_pennsieve(context, url),
                sleep=context.sleep,
                note=context.streams.note,
            ),
            folder,
        )


def with_typed_token(context: Context, folder: Path, look: Callable[[Path], Looked]) -> Looked:
    """Look at code, in a new folder in ``folder``; where git has no token for it, one is asked.

    Raises:
        SourceError: it cannot be read, or nobody is there to be asked.
    """
    from pathlib import Path
    from tempfile import mkdtemp

    from pennsieve_agent.source.git_credentials import use_typed
    from pennsieve_agent.source.git_failures import PrivateError

    urls: set[str] = set()
    while True:
        try:
            return look(Path(mkdtemp(dir=folder)))
        except PrivateError as error:
            url = error.where or ""
            web = url.startswith(("https://", "http://"))
            if url in urls or not web or not context.streams.can_ask:
                raise
            urls.add(url)
            question = f"{url} is private, or does not exist. Token to fetch it here (not shown)"
            use_typed(url, context.streams.ask_secret(question, instead=error.hint or ""))


def looked_at(
    context: Context, sources: Sequence[str], ref: str | None, folder: Path
) -> tuple[Checkout, ...]:
    """Code and images, fetched into ``folder`` and looked at.

    Raises:
        SourceError, RegistryError: one of them cannot be used.
    """
    from pennsieve_agent.cli.compute.node_images import find_image
    from pennsieve_agent.services.workflows.workflow_steps import inspect_all

    def look(empty: Path) -> tuple[Checkout, ...]:
        note = context.streams.note
        return inspect_all(sources, ref, empty, lambda image: find_image(context, image), note)

    return with_typed_token(context, folder, look)


def _token_for_pennsieve(context: Context, url: str) -> str:
    """The token with which Pennsieve may fetch a private repository, said to whom it goes.

    Raises:
        UsageProblem: there is none, and nobody can be asked.
    """
    from pennsieve_agent.source.git_commands import known_token

    context.streams.note(
        f"{url} is private, so a token that can read it is sent to Pennsieve at "
        f"{context.profile.hosts.api2}; one for this repository alone, read-only, is enough"
    )
    return known_token(url) or context.streams.ask_secret(
        "GitHub token (not shown)",
        instead="sign in with: gh auth login; or build it on this machine: --build here",
    )


def code_record(context: Context) -> WorkflowCode:
    """Where the code of workflows was taken from on this machine."""
    from pennsieve_agent.settings.workflow_code import WorkflowCode

    return WorkflowCode.beside(context.config_path)
