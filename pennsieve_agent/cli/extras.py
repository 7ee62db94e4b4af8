"""What the sandbox needs and the core does without: packages of an extra, and its own modules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pennsieve_agent.errors import UsageProblem

_OWN = ("pennsieve_agent.sandbox", "pennsieve_agent.contract")
_PACKAGES = frozenset({"boto3", "botocore", "joserfc", "moto", "werkzeug"})


@contextmanager
def sandbox_parts() -> Iterator[None]:
    """Import what belongs to the sandbox inside this.

    Raises:
        UsageProblem: it is not installed; the hint says how to install it.

    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = error.name or ""
        if not name.startswith(_OWN) and name.partition(".")[0] not in _PACKAGES:
            raise
        raise UsageProblem(
            "the sandbox is not installed",
            hint="install it with: pip install 'pennsieve-agent-cli[sandbox]'",
        ) from error
