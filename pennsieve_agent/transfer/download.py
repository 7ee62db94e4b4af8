"""Files from storage to their places, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pennsieve_agent.domain.transfers import SignedFile
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.transfer.fetch import Fetching, Place, fetch
from pennsieve_agent.transfer.workers import Workers

WORKERS = 16
Outcome = Callable[[SignedFile, Place, PlatformError | None], None]


def fetch_all(
    files: Iterable[tuple[SignedFile, Place]],
    tools: Fetching,
    outcome: Outcome,
    workers: int = WORKERS,
) -> None:
    """Fetch files; ``files`` is read on while others are fetched, and may ask for addresses.

    ``outcome`` is told of each file, from many threads: with None when it is in its place, else
    with why not; it may raise to end all.

    Raises:
        SettingsError: the disk is full or does not take a file; nothing more was begun.

    """

    def work(item: tuple[SignedFile, Place]) -> None:
        try:
            fetch(*item, tools)
        except PlatformError as error:
            outcome(*item, error)
        else:
            outcome(*item, None)

    def stop() -> None:
        tools.stop.set()
        tools.sender.stop()

    Workers(workers, work, stop, name="download").run(files)
