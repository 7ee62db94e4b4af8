"""The image in which an own node moves files, from where it is public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.aws.session import Aws


@dataclass(frozen=True, slots=True)
class PublicPython:
    """The official Python image on ECR Public, and how it comes into an account's own registry."""

    aws: Aws
    sleep: Callable[[float], None]

    def digest(self) -> str:
        """Its digest today. Errors as of the registry."""
        from pennsieve_agent.aws.registry_copy import digest_of

        return digest_of(self.aws, _source())

    def copy(self, repository: str, digest: str, note: Callable[[str], None]) -> None:
        """Copy it, if it is not there. Errors as of both registries."""
        from pennsieve_agent.aws.registry_copy import copy_image

        source = f"{_source().rpartition(':')[0]}@{digest}"
        copy_image(self.aws, source, repository, self.sleep, note)


def _source() -> str:
    from pennsieve_agent.account.stack.functions import MOVER_IMAGE, PUBLIC_REGISTRY

    return f"{PUBLIC_REGISTRY}/{MOVER_IMAGE}"
