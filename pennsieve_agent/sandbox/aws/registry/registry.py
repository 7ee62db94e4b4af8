"""The Registry HTTP API v2 of the emulated ECR, for container engines.

A registry such as ``ACCOUNT.dkr.ecr.REGION.amazonaws.com`` is the first part of a repository's
name here: ``127.0.0.1:PORT/ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY``, which is also what
``ecr:GetAuthorizationToken`` answers as its address. Layers and manifests are in a real registry
(:mod:`.registry_daemon`). Which repositories there are, what they hold under which tag and whether
a tag may move is what moto's ECR says, and what is pushed is put there, so that ``BatchGetImage``
and ``DescribeImages`` tell of the same images by the same digests. Who may do what is asked of the
policies, as for every other request.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.domain.image_names import ecr_of, is_digest
from pennsieve_agent.sandbox.aws.registry.public_images import HOST as PUBLIC
from pennsieve_agent.sandbox.aws.registry.public_images import PublicImages
from pennsieve_agent.sandbox.aws.registry.registry_daemon import NoRegistry, RegistryDaemon
from pennsieve_agent.sandbox.aws.registry.registry_logins import Login, Logins
from pennsieve_agent.sandbox.aws.rights.policy_check import PolicyCheck
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = "/v2/"
_PLACE = re.compile(
    r"/v2/(?P<host>[^/]+)/(?P<repository>.+?)/(?P<kind>manifests|blobs)/(?P<rest>[^?]+)"
)
_PIECE = 1 << 20
_MAX_MANIFEST = 4 << 20
_RIGHTS = {
    ("HEAD", "manifests"): "BatchGetImage",
    ("GET", "manifests"): "BatchGetImage",
    ("PUT", "manifests"): "PutImage",
    ("HEAD", "blobs"): "BatchCheckLayerAvailability",
    ("GET", "blobs"): "GetDownloadUrlForLayer",
    ("POST", "blobs"): "InitiateLayerUpload",
    ("PATCH", "blobs"): "UploadLayerPart",
    ("PUT", "blobs"): "CompleteLayerUpload",
}
"""What each request needs (Amazon ECR, "Private repository policies", pushing and pulling)."""
_FORWARDED_HEADERS = ("Accept", "Content-Type", "Content-Range", "Range")
_ANSWERED = (
    *("Content-Type", "Content-Length", "Content-Range", "Location", "Range"),
    *("Docker-Content-Digest", "Docker-Upload-UUID", "Accept-Ranges"),
)
Record = Callable[[str, str, Mapping[str, str]], bool]
"""Makes a ``PutImage`` of these parameters in an account and a region; whether it succeeded."""


@dataclass(frozen=True, slots=True)
class _Place:
    account: str
    region: str
    repository: str
    kind: str
    rest: str

    @property
    def arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.repository}"


class _Refused(Exception):  # noqa: N818 - an answer
    """An error of the registry's API: status, code and message."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class RegistryFront:
    """A WSGI application for everything below :data:`ROOT`."""

    def __init__(
        self,
        daemon: RegistryDaemon,
        logins: Logins,
        policy_check: PolicyCheck,
        lock: Lock,
        record: Record,
        *,
        runs_archives: bool = False,
    ) -> None:
        """``runs_archives``: no machine here runs images; a client gets an error about it."""
        self._daemon = daemon
        self._logins = logins
        self._policy_check = policy_check
        self._lock = lock
        self._record = record
        self._said = [("Pennsieve-Runs", "archives")] if runs_archives else []
        self._public = PublicImages(logins.endpoint)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""
        path = str(environ.get("PATH_INFO", ""))
        authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
        if path.startswith(f"{ROOT}{PUBLIC}/"):
            answer = self._public.answer(path, authorization)
            length = ("Content-Length", str(len(answer.content)))
            start_response(answer.status, [*answer.headers.items(), length])
            return [answer.content]
        try:
            login = self._login(authorization)
            if path == ROOT:
                if not self._said:
                    self._daemon.check()
                return _answer(start_response, "200 OK", b"{}", self._said)
            place = self._checked(str(environ["REQUEST_METHOD"]), path, login)
            return self._serve(place, environ, start_response)
        except _Refused as refused:
            return _refusal(start_response, refused)
        except NoRegistry as missing:
            none = _Refused("501 Not Implemented", "UNSUPPORTED", str(missing))
            return _refusal(start_response, none)

    def _login(self, authorization: str) -> Login:
        login = self._logins.holder(authorization)
        if login is None:
            raise _Refused("401 Unauthorized", "UNAUTHORIZED", "Not Authorized")
        return login

    def _checked(self, method: str, path: str, login: Login) -> _Place:
        match = _PLACE.fullmatch(path)
        ecr = ecr_of(match["host"]) if match else None
        right = _RIGHTS.get((method, match["kind"])) if match else None
        if match is None or ecr is None or right is None:
            raise _Refused("405 Method Not Allowed", "UNSUPPORTED", "ECR does not do this")
        place = _Place(ecr.account, ecr.region, match["repository"], match["kind"], match["rest"])
        with self._lock:
            why = self._why_not(login, Ask(f"ecr:{right}", place.arn))
            if why:
                raise _Refused("403 Forbidden", "DENIED", why)
            if _repository(place) is None:
                raise _Refused(
                    "404 Not Found",
                    "NAME_UNKNOWN",
                    f"The repository with name '{place.repository}' does not exist in the registry"
                    f" with id '{place.account}'",
                )
        return place

    def _why_not(self, login: Login, ask: Ask) -> str:
        if login.principal is not None:
            return self._policy_check.why_not(login.principal, ask)
        owner = ask.resource.split(":")[4]
        reads = ask.action in {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
        if owner == login.account or reads or ask.action == "ecr:BatchCheckLayerAvailability":
            return ""
        return f"account {login.account} is not authorized to perform: {ask.action}"

    def _serve(
        self, place: _Place, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        method = str(environ["REQUEST_METHOD"])
        if place.kind == "manifests" and method == "PUT":
            return self._push(place, environ, start_response)
        rest = self._digest(place) if place.kind == "manifests" else place.rest
        query = str(environ.get("QUERY_STRING", ""))
        # A layer of another repository is never taken over: it would need rights there, too.
        query = "" if method == "POST" else query
        return self._forward(place, rest, query, environ, start_response)

    def _forward(
        self,
        place: _Place,
        rest: str,
        query: str,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        method = str(environ["REQUEST_METHOD"])
        target = f"{_root(place)}/{rest}" + (f"?{query}" if query else "")
        body: IO[bytes] | None = environ["wsgi.input"] if method in _WRITES else None
        open_answer = contextlib.ExitStack()
        try:
            answer = open_answer.enter_context(
                self._daemon.request(method, target, _headers(environ), body)
            )
        except BaseException:
            open_answer.close()
            raise
        start_response(f"{answer.status} {answer.reason}", _of(answer))

        def pieces() -> Iterator[bytes]:
            with open_answer:
                while method != "HEAD" and (piece := answer.read(_PIECE)):
                    yield piece

        return pieces()

    def _push(
        self, place: _Place, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        content = environ["wsgi.input"].read(_MAX_MANIFEST + 1)
        if len(content) > _MAX_MANIFEST:
            raise _Refused("413 Payload Too Large", "MANIFEST_INVALID", "the manifest is too large")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        tag = "" if is_digest(place.rest) else place.rest
        if not tag and digest != place.rest:
            raise _Refused("400 Bad Request", "DIGEST_INVALID", "the manifest has another digest")
        with self._lock:
            self._check_tag(place, tag, digest)
        target = f"{_root(place)}/{digest}"
        with self._daemon.request("PUT", target, _headers(environ), io.BytesIO(content)) as answer:
            said = answer.read(_PIECE)
            if answer.status // 100 != 2:  # noqa: PLR2004 - HTTP
                return _answer(start_response, f"{answer.status} {answer.reason}", said)
        self._keep(place, tag, digest, content, str(environ.get("CONTENT_TYPE") or ""))
        place_of = f"{_root(place)}/{place.rest}"
        headers = [("Docker-Content-Digest", digest), ("Location", place_of)]
        return _answer(start_response, "201 Created", b"", headers)

    def _check_tag(self, place: _Place, tag: str, digest: str) -> None:
        repository = _repository(place)
        present = _tagged(repository, tag) if tag else ""
        if present and present != digest and repository.is_tag_immutable():
            raise _Refused(
                "400 Bad Request",
                "TAG_INVALID",
                f"The image tag '{tag}' already exists in the '{place.repository}' repository and"
                " cannot be overwritten because the tag is immutable.",
            )

    def _keep(self, place: _Place, tag: str, digest: str, content: bytes, kind: str) -> None:
        with self._lock:
            repository = _repository(place)
            present = {image.image_digest for image in repository.images}
            if digest in present and (not tag or _tagged(repository, tag) == digest):
                return
        fields = {
            "repositoryName": place.repository,
            "imageManifest": content.decode(errors="replace"),
            "imageManifestMediaType": kind,
            "imageDigest": digest,
            **({"imageTag": tag} if tag else {}),
        }
        if not self._record(place.account, place.region, fields):
            raise _Refused("500 Internal Server Error", "UNKNOWN", "see the sandbox's log")

    def _digest(self, place: _Place) -> str:
        """The digest of a tag or digest that ECR has in the repository."""
        with self._lock:
            repository = _repository(place)
            digests = {image.image_digest for image in repository.images}
            digest = place.rest if place.rest in digests else _tagged(repository, place.rest)
        if not digest:
            raise _Refused("404 Not Found", "MANIFEST_UNKNOWN", "Requested image not found")
        return digest


_WRITES = {"POST", "PATCH", "PUT"}


def _root(place: _Place) -> str:
    host = f"{place.account}.dkr.ecr.{place.region}.amazonaws.com"
    return f"{ROOT}{host}/{place.repository}/{place.kind}"


def _repository(place: _Place) -> Any:
    """The repository in moto; None when it does not exist."""
    from moto.ecr.models import ecr_backends  # noqa: PLC0415 - slow

    try:
        backend = ecr_backends[place.account][place.region]
    except KeyError:  # no such region
        return None
    return backend.repositories.get(place.repository)


def _tagged(repository: Any, tag: str) -> str:
    return next((str(i.image_digest) for i in repository.images if tag in i.image_tags), "")


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {"Content-Length": str(environ.get("CONTENT_LENGTH") or "0")}
    for name in _FORWARDED_HEADERS:
        key = name.upper().replace("-", "_")
        value = environ.get("CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{key}")
        if value:
            headers[name] = str(value)
    return headers


def _of(answer: Any) -> list[tuple[str, str]]:
    return [(name, str(answer.headers[name])) for name in _ANSWERED if answer.headers.get(name)]


def _answer(
    start_response: StartResponse,
    status: str,
    content: bytes,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    security = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
        ("Docker-Distribution-Api-Version", "registry/2.0"),
    ]
    start_response(status, [*security, *headers])
    return [content]


def _refusal(start_response: StartResponse, refused: _Refused) -> list[bytes]:
    errors = {"errors": [{"code": refused.code, "message": refused.message}]}
    headers = [("WWW-Authenticate", 'Basic realm="ecr"')] if refused.code == "UNAUTHORIZED" else []
    return _answer(start_response, refused.status, json.dumps(errors).encode(), headers)
