"""The third port: sign-in, and behind it the emulated AWS account.

moto's server runs inside this process. It is slow to load, so that happens while the other ports
are already in use, and the first request for AWS waits for it. Its requests go one at a time:
that keeps the identifiers reproducible (:mod:`pennsieve_agent.sandbox.aws.request_journal`).
"""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.sandbox.aws import platform_key, request_journal, stack_events, wire
from pennsieve_agent.sandbox.aws.batch.containers import CREDENTIALS_PATH
from pennsieve_agent.sandbox.aws.batch.error_codes import use_codes_of_aws
from pennsieve_agent.sandbox.aws.batch.task_definitions import keep_tasks
from pennsieve_agent.sandbox.aws.batch.task_metadata import METADATA_PATH
from pennsieve_agent.sandbox.aws.functions.function_log import keep_log_groups
from pennsieve_agent.sandbox.aws.journal_compaction import Undone, new_id_of, superfluous
from pennsieve_agent.sandbox.aws.limits.item_size import count_as_aws
from pennsieve_agent.sandbox.aws.moto_speed import hurry
from pennsieve_agent.sandbox.aws.registry.registry import ROOT as REGISTRY
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, unknown_operation
from pennsieve_agent.sandbox.aws.rights.principals import Credential, credential_of, make_user
from pennsieve_agent.sandbox.aws.rights.signatures import Signatures
from pennsieve_agent.sandbox.aws.services import Extras, Services
from pennsieve_agent.sandbox.aws.sns.topics import CONFIRM_PATH
from pennsieve_agent.sandbox.aws.stacks import fill_gaps
from pennsieve_agent.sandbox.aws.upload_ids import seed_upload_ids
from pennsieve_agent.sandbox.host.world import USER_ACCOUNT_ID
from pennsieve_agent.sandbox.http import cognito

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

REGION = "us-east-1"
USER_NAME = "ada"
JOURNAL_FILE = "aws.jsonl"
SIGNED = "pennsieve.signed"
"""In the WSGI environment of requests whose signature is right: the account that they are for."""
UNJOURNALLED = "pennsieve.unjournalled"
"""In the WSGI environment of requests that are not made again after a restart: large objects."""
_CLOSED_PATHS = ("/moto-api", "/latest/", "/favicon.ico")
_UNSIGNED = (CREDENTIALS_PATH, METADATA_PATH, CONFIRM_PATH)
"""What containers ask for without a signature, and a link in mails leads to."""
_USE_NETWORKS = frozenset({"ec2", "cloudformation", "batch", "s3files"})
_CHANGE_TOPICS = frozenset({"cloudformation", "sns"})
_MAKE_FUNCTIONS = frozenset({"cloudformation", "lambda"})
_SIGN_IN_PATHS = ("/.well-known/jwks.json",)


class Account:
    """The emulated AWS account as a WSGI application."""

    def __init__(
        self, data: Path, endpoint: str, key: tuple[str, str], extras: Extras | None = None
    ) -> None:
        """``key`` is the id and the secret of the owner's access key."""
        self._journal = request_journal.Journal(data / JOURNAL_FILE)
        self._undone = Undone()
        self._key = key
        self._lock = threading.RLock()
        self._loaded = threading.Event()
        self._has_network = False
        self._emulation: _Emulation | None = None
        extras = extras or Extras()
        self._keys = extras.keys
        self._signatures = Signatures(self._credential, extras.now)
        self.services = Services(data, endpoint, self._lock, extras)
        self._registry = self.services.registry(self._record_image)

    def move(self, addresses: Mapping[str, str]) -> None:
        """Replace old addresses of the sandbox (keys) by new ones; call it before :meth:`load`."""
        self._journal.translate(addresses)
        self.services.move(lambda text: request_journal.moved(text.encode(), addresses).decode())

    def load(self) -> None:
        """Load the emulation and make the journal's requests again."""
        try:
            with self._lock, stack_events.long_ago():
                emulation = _load_moto(*self._key, self.services.front)
                self._compact()
                for entry in self._journal.entries():
                    self._make_network(wire.read(entry.variables, b"").service)
                    answer = emulation.answer(entry)
                    if not answer.succeeded:
                        log.warning("a journalled AWS request now answers %s", answer.status)
                self.services.items.restore()
                self._emulation = emulation
            self.services.start()
        except Exception:
            log.exception("the emulated AWS account cannot be loaded")
        finally:
            self._loaded.set()

    def _compact(self) -> None:
        """Write the journal anew without what was undone."""
        if dropped := superfluous(self._journal.entries()):
            self._journal.leave_out(dropped)

    def _keep(self, entry: request_journal.Entry, request: wire.AwsRequest, answer: bytes) -> None:
        """Write down what a request changed, or the request itself."""
        if not self.services.items.keep(request):
            new_id = new_id_of(request.service, request.operation, answer)
            written = replace(entry, created=new_id)
            self._journal.append(written)
            if self._undone.is_much(written):
                self._compact()
        if request.service in _MAKE_FUNCTIONS:
            self.services.functions_changed()
        if request.service in _CHANGE_TOPICS:
            self.services.topics.look()

    def _make_network(self, service: str) -> None:
        """Make the default network now, so that its ids are the same after each start.

        It is slow to make, and so not made before somebody may need it.
        """
        if service in _USE_NETWORKS and not self._has_network:
            with self._lock:
                self._has_network = True
                _make_network(self._key[0])

    def stop(self) -> None:
        """End what runs in the account; to be used once, after it was loaded or is about to be."""
        self._loaded.wait()
        self.services.stop()

    def guarded(self, app: WSGIApplication) -> WSGIApplication:
        """An application that gets only what was signed with a key of an account."""

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if _is_registry(environ):  # which has sign-ins of its own
                return app(environ, start_response)
            checked = self._checked(environ)
            if isinstance(checked, Answer):
                return _send(start_response, checked)
            return app(checked, start_response)

        return application

    def _checked(self, environ: WSGIEnvironment) -> WSGIEnvironment | Answer:
        """The request with its account added, or AWS's refusal of it."""
        if SIGNED in environ or str(environ.get("PATH_INFO", "")).startswith(_UNSIGNED):
            return environ
        if _is_registry(environ):  # which has sign-ins of its own
            return environ
        body = environ["wsgi.input"].read()
        signed = self._signatures.check(environ, body)
        if isinstance(signed, Answer):
            return signed
        place = {"HTTP_X_MOTO_ACCOUNT_ID": signed.account} if signed.account else {}
        return {**environ, **place, SIGNED: True, "wsgi.input": io.BytesIO(body)}

    def _credential(self, key: str) -> Credential | None:
        if key == platform_key.KEY_ID:
            return Credential(platform_key.SECRET, "")  # it says itself which account it means
        if key == self._key[0]:
            return Credential(self._key[1], USER_ACCOUNT_ID)
        if (known := self._keys(key)) is not None:
            if known.user:
                self._loaded.wait()
                with self._lock:
                    make_user(known.account, known.user, key, known.secret)
            return Credential(known.secret, known.account)
        self._loaded.wait()
        with self._lock:
            return credential_of(key)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request, after the emulation was loaded; what it changes is written down."""
        self._loaded.wait()
        if self._emulation is None:
            return _plain(start_response, "503 Service Unavailable", b"see the sandbox's log")
        if _is_registry(environ):
            return self._registry(environ, start_response)
        checked = self._checked(environ)
        if isinstance(checked, Answer):
            return _send(start_response, checked)
        environ = checked
        body = environ["wsgi.input"].read()
        request = wire.read(environ, body)
        checked_before = UNJOURNALLED in environ  # by the gate in front of the platform's storage
        own = self.services.answer(request, environ, body, checked=checked_before)
        if own is not None:
            return _send(start_response, own)
        environ = {**environ, **self.services.redirected(request)}
        self._make_network(request.service)
        entry = request_journal.Entry(
            request_journal.variables(environ), body, secrets.randbits(62)
        )
        with self._lock:
            try:
                answer = self._emulation.answer(entry, environ)
            except NotImplementedError:
                log.info("%s.%s is not emulated", request.service, request.operation)
                return _send(start_response, unknown_operation(request))
            if answer.succeeded and _is_journalled(environ, body):
                self._keep(entry, request, answer.body)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _record_image(self, account: str, region: str, image: Mapping[str, str]) -> bool:
        """Register a pushed image with moto's ECR, so that it is known after a restart, too."""
        scope = f"Credential=registry/20200101/{region}/ecr/aws4_request"
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": f"ecr.{region}.amazonaws.com",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/x-amz-json-1.1",
            "HTTP_HOST": f"ecr.{region}.amazonaws.com",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "HTTP_X_AMZ_TARGET": "AmazonEC2ContainerRegistry_V20150921.PutImage",
            "HTTP_X_MOTO_ACCOUNT_ID": account,
        }
        body = json.dumps(image).encode()
        entry = request_journal.Entry(environ, body, secrets.randbits(62))
        with self._lock:
            if self._emulation is None:
                return False
            answer = self._emulation.answer(entry)
            if answer.succeeded:
                self._keep(entry, wire.read(environ, body), answer.body)
            else:
                log.warning("ECR does not take an image: %s", answer.body[:500])
        return answer.succeeded


def _is_registry(environ: Mapping[str, Any]) -> bool:
    """Whether a container engine sent the request to a registry, without AWS's signature."""
    path = str(environ.get("PATH_INFO", ""))
    signed = "AWS4-HMAC-SHA256" in str(environ.get("HTTP_AUTHORIZATION", ""))
    return path.startswith(REGISTRY) and not path.startswith(_UNSIGNED) and not signed


@dataclass(frozen=True, slots=True)
class _Emulation:
    """moto's server, and what seeds its random numbers."""

    app: WSGIApplication
    seed: Callable[[int], None]

    def answer(
        self, entry: request_journal.Entry, environ: Mapping[str, Any] | None = None
    ) -> _Answer:
        """Make one request; never two at once."""
        self.seed(entry.seed)
        answer = _Answer()
        answer.take(self.app, _environ(entry, environ))
        return answer


def _is_journalled(environ: Mapping[str, Any], body: bytes) -> bool:
    return UNJOURNALLED not in environ and request_journal.changes_something(environ, body)


class _Answer:
    """What a WSGI application answered."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    @property
    def succeeded(self) -> bool:
        return self.status < "400"

    def take(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        chunks: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            del exc_info
            self.status, self.headers = status, headers
            return chunks.append

        content = app(environ, start_response)
        try:
            chunks.extend(content)
        finally:
            if (close := getattr(content, "close", None)) is not None:
                close()
        self.body = b"".join(chunks)


def front(sign_in: WSGIApplication, account: WSGIApplication) -> WSGIApplication:
    """The application of the third port: sign-in goes to our pools, everything else to moto."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith(cognito.TARGET):
            return sign_in(environ, start_response)
        if path.endswith(_SIGN_IN_PATHS):
            return sign_in(environ, start_response)
        if path.startswith(_CLOSED_PATHS):  # moto's own controls, which need no credentials
            return _plain(start_response, "404 Not Found", b"not found")
        return account(environ, start_response)

    return application


def _load_moto(
    key_id: str, secret: str, front: Callable[[WSGIApplication], WSGIApplication]
) -> _Emulation:
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    from moto.moto_api._internal import mock_random  # noqa: PLC0415 - slow
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - slow
        DomainDispatcherApplication,
        create_backend_app,
    )

    hurry()
    fill_gaps()
    count_as_aws()
    use_codes_of_aws()
    keep_tasks()
    keep_log_groups()
    seed_upload_ids()
    mock_random.seed(key_id)
    make_user(USER_ACCOUNT_ID, USER_NAME, key_id, secret)
    return _Emulation(front(DomainDispatcherApplication(create_backend_app)), mock_random.seed)


def _make_network(seed: str) -> None:
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - slow
    from moto.moto_api._internal import mock_random  # noqa: PLC0415 - slow

    mock_random.seed(seed)
    ec2_backends[USER_ACCOUNT_ID][REGION].describe_vpcs()


def _environ(entry: request_journal.Entry, original: Mapping[str, Any] | None) -> dict[str, Any]:
    """A request's WSGI environment, as it came or made from its journal entry."""
    base = original or {
        **entry.variables,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return {
        **base,
        "wsgi.input": io.BytesIO(entry.body),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": str(len(entry.body)),
    }


def _send(start_response: StartResponse, answer: Answer) -> list[bytes]:
    start_response(answer.status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
    return [answer.body]


def _plain(start_response: StartResponse, status: str, body: bytes) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
