"""AWS STS and Lambda on loopback, which check signatures as AWS does, before a node's functions.

A signature is checked by making it again with botocore from what was sent. Who may call which
function is written down for each key.
"""

from __future__ import annotations

import json
import re
import threading
import time
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pennsieve_agent.domain.node_protocol import STS_BODY, function_arn

REGION, ACCOUNT = "us-east-1", "123456789012"
GATEWAY, ADMIN = (function_arn(REGION, ACCOUNT, name) for name in ("n-gateway", "n-admin"))
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_SKEW = 900


@dataclass
class Key:
    """An access key, and whose it is."""

    secret: str
    arn: str
    token: str = ""
    may: set[str] = field(default_factory=lambda: {GATEWAY})


@dataclass
class Cloud:
    """The services. ``now`` is the clock of STS; ``functions`` answer events."""

    now: Callable[[], float]
    keys: dict[str, Key] = field(default_factory=dict)
    functions: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    url: str = ""
    asked_sts: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    busy: int = 0
    """So many next calls of functions are refused as too many."""
    twice: bool = False
    """The next call of a function is made twice, and the second answer told."""
    redirect: str = ""

    def sts(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        self.asked_sts += 1
        key = self._signed("sts", "POST", "/", headers, body)
        if key is None:
            return 403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error>"
        at = timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(at - self.now()) > _SKEW:
            return 403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error>"
        assert body == STS_BODY.encode()
        account = key.arn.split(":")[4]
        who = f"<Arn>{key.arn}</Arn><UserId>AIDA</UserId><Account>{account}</Account>"
        result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
        return 200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"

    def invoke(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str, Any]:
        """HTTP's status, Lambda's word for an error, and the answer."""
        matched = _INVOKE.fullmatch(unquote(path))
        key = self._signed("lambda", "POST", path, headers, body)
        if matched is None or key is None:
            return 403, "InvalidSignatureException", {"message": "the signature is wrong"}
        name = matched[1]
        if name not in key.may:
            words = f"not authorized to perform: lambda:InvokeFunction on resource: {name}"
            return 403, "AccessDeniedException", {"Message": f"User: {key.arn} is {words}"}
        if name not in self.functions:
            return 404, "ResourceNotFoundException", {"Message": f"Function not found: {name}"}
        if self.busy:
            self.busy -= 1
            return 429, "TooManyRequestsException", {"message": "Rate Exceeded."}
        event = json.loads(body)
        self.calls.append(event)
        answer = self.functions[name](event)
        if self.twice:
            self.twice = False
            answer = self.functions[name](event)
        return 200, "", answer

    def _signed(
        self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Key | None:
        """The key that signed a request; None when it is unknown or the signature is wrong."""
        matched = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        key = self.keys.get(matched[1]) if matched else None
        if matched is None or key is None or (matched[3], matched[4]) != (REGION, service):
            return None
        if headers.get("x-amz-security-token", "") != key.token:
            return None
        named = {name: headers[name] for name in matched[5].split(";") if name in headers}
        request = AWSRequest(method, f"{self.url}{path}", named, body)
        request.context["timestamp"] = headers["x-amz-date"]
        auth = SigV4Auth(Credentials(matched[1], key.secret, key.token or None), service, REGION)
        if auth.signed_headers(auth.headers_to_sign(request)) != matched[5]:
            return None
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return key if auth.signature(text, request) == matched[6] else None


@contextmanager
def serving(cloud: Cloud) -> Iterator[Cloud]:
    """The services on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if self.path != "/":
                status, code, answer = cloud.invoke(self.path, headers, body)
                more = {"x-amzn-errortype": code} if code else {}
                self._say(status, json.dumps(answer), more)
            elif cloud.redirect:
                self._say(302, "", {"Location": cloud.redirect})
            else:
                self._say(*cloud.sts(headers, body), {})

        def _say(self, status: int, text: str, headers: Mapping[str, str]) -> None:
            data = text.encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
