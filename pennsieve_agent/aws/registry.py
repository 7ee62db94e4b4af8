"""One registry of images, by the Registry HTTP API v2 (the OCI "Distribution Specification").

Everything is read and written in pieces: an image of any size takes the same memory.
"""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from pennsieve_agent.aws.registry_http import Refusal, RegistryHttp, Stream
from pennsieve_agent.domain.image_names import is_digest
from pennsieve_agent.errors import RegistryError

INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
MAX_DOCUMENT = 4 << 20
"""What a registry must take of a manifest ("Distribution Specification", "Pushing Manifests")."""
RUNS = "Pennsieve-Runs"
"""A header by which a sandbox's registry says that nothing runs its images: ``archives``."""
_ACCEPT = {"Accept": ", ".join(sorted(INDEXES | MANIFESTS))}
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of a manifest or an index, and its media type."""

    content: bytes
    media_type: str
    digest: str

    @property
    def json(self) -> Mapping[str, Any]:
        """What it says.

        Raises:
            RegistryError: it is no JSON object.

        """
        try:
            document = json.loads(self.content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise RegistryError("the image's manifest is not a JSON object", where=self.digest)
        return document


class Registry:
    """The images at one address.

    ``prefix`` comes before every repository's name, for a registry that is a part of another.
    """

    def __init__(self, base: str, prefix: str = "", login: str = "") -> None:
        self._http = RegistryHttp(base, login)
        self._root = f"{self._http.base}/v2/{prefix}/" if prefix else f"{self._http.base}/v2/"

    def check(self) -> str:
        """Check that the registry answers and accepts the login ("Determining Support").

        Answers what it says of itself in :data:`RUNS`, which AWS does not send.

        Raises:
            RegistryError: it does not; the message has the registry's own words.

        """
        with self._http.ask("GET", f"{self._http.base}/v2/") as answer:
            return str(answer.headers.get(RUNS) or "")

    def document(self, repository: str, reference: str) -> Document:
        """The manifest or index of a tag or digest; one that is asked for by digest is checked.

        Raises:
            RegistryError: there is none, or it is not what its digest says.

        """
        where = f"{self._root}{repository}"
        with self._ask("GET", repository, f"manifests/{reference}", _ACCEPT) as answer:
            content = _read(answer, where)
            kind = str(answer.headers.get_content_type())
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if is_digest(reference) and digest != reference:
            raise RegistryError(f"the registry sent another manifest than {reference}", where=where)
        return Document(content, kind, digest)

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, as many as the registry tells at once.

        Raises:
            RegistryError: there is no such repository, or it does not tell.

        """
        where = f"{self._root}{repository}"
        with self._ask("GET", repository, "tags/list") as answer:
            content = _read(answer, where)
        try:
            return [str(tag) for tag in json.loads(content).get("tags") or ()]
        except (ValueError, AttributeError, TypeError):
            raise RegistryError("the registry's list of tags is not JSON", where=where) from None

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository has a blob already."""
        return self._is_there(repository, f"blobs/{digest}")

    def has_document(self, repository: str, reference: str) -> bool:
        """Whether the repository has a manifest already."""
        return self._is_there(repository, f"manifests/{reference}")

    def _is_there(self, repository: str, what: str) -> bool:
        try:
            with self._ask("HEAD", repository, what, _ACCEPT):
                return True
        except Refusal as refusal:
            if refusal.status == _NOT_FOUND:
                return False
            raise

    @contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[Stream]:
        """Read a blob. Whoever reads must check it."""
        with self._ask("GET", repository, f"blobs/{digest}") as answer:
            yield answer

    def put_blob(self, repository: str, digest: str, size: int, content: Stream) -> None:
        """Write a blob of ``size`` bytes.

        Raises:
            RegistryError: the registry refuses it, for example for another digest.

        """
        empty = {"Content-Length": "0"}
        with self._ask("POST", repository, "blobs/uploads/", empty, b"") as answer:
            place = urlsplit(urljoin(answer.url, str(answer.headers.get("Location") or "")))
        query = "&".join(filter(None, (place.query, urlencode({"digest": digest}))))
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        with self._http.ask("PUT", place._replace(query=query).geturl(), headers, content):
            return

    def put_document(self, repository: str, reference: str, document: Document) -> None:
        """Write a manifest under a tag or its digest; what it names must be there.

        Raises:
            RegistryError: the registry refuses it, or says another digest.

        """
        headers = {"Content-Type": document.media_type}
        path = f"manifests/{reference}"
        with self._ask("PUT", repository, path, headers, document.content) as answer:
            said = str(answer.headers.get("Docker-Content-Digest") or document.digest)
        if said != document.digest:
            raise RegistryError(
                f"the registry stored {said} instead of {document.digest}", where=self._root
            )

    def _ask(
        self,
        method: str,
        repository: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> http.client.HTTPResponse:
        return self._http.ask(method, f"{self._root}{repository}/{path}", headers, content)


def _read(answer: http.client.HTTPResponse, where: str) -> bytes:
    try:
        content = answer.read(MAX_DOCUMENT + 1)
    except (OSError, http.client.HTTPException):
        raise Refusal("the registry's answer ended early", 0, where=where) from None
    if len(content) > MAX_DOCUMENT:
        raise RegistryError("the image's manifest is larger than 4 MB", where=where)
    return content
