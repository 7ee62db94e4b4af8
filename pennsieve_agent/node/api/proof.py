"""Proof of the caller's identity: a signed request to AWS STS, which the node forwards.

A function that is invoked directly is not told by whom. The caller therefore signs
``sts:GetCallerIdentity`` with his own credentials; AWS STS checks the signature and says whose it
is. What could be wrong with a proof is looked at before AWS is asked, and nothing but exactly this
question is ever sent, to exactly this host.
"""

from __future__ import annotations

import calendar
import hmac
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.domain.node_protocol import (
    BINDING,
    STS_BODY,
    STS_TYPE,
    binding,
    function_arn,
    sts_host,
)
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.table import Items, expiry

SKEW_SECONDS = 300
CALL_SECONDS = 8.0
_ID = re.compile(r"[0-9a-f]{32}")
_REQUIRED = {"authorization", "content-type", "host", "x-amz-date", BINDING}
_TOKEN = "x-amz-security-token"  # noqa: S105 - the name of a header
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w{16,128}/(\d{8})/([a-z0-9-]+)/sts/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
_VALUE = re.compile(r"[\x20-\x7e]{1,8192}")
_MOST_ANSWER = 65_536


class Unproven(Exception):  # noqa: N818 - a verdict
    """The proof proves nothing; ``code`` is a word for programs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NoAnswer(Exception):  # noqa: N818 - a state of AWS
    """AWS STS does not answer now."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are answers, and not followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


@dataclass(frozen=True, slots=True)
class Prover:
    """Checks proofs for one function of a node."""

    node: Node
    function: str

    def caller(self, event: Mapping[str, Any]) -> Caller:
        """Who signed the proof of a request.

        Raises:
            Unproven: it proves nothing, or not this.
            NoAnswer: AWS STS cannot be asked.

        """
        headers = self._checked(event)
        now = self.node.now()
        seen = expiry(now + 3 * SKEW_SECONDS)
        if not Items(self.node).put_new(f"SEEN#{event['id']}", "SEEN", seen):
            raise Unproven("replayed", "this request was made before")
        return self._ask(headers)

    def _checked(self, event: Mapping[str, Any]) -> dict[str, str]:
        """The headers of a proof, after everything that can be seen without AWS."""
        if not _ID.fullmatch(str(event.get("id") or "")):
            raise Unproven("no-id", "a request has an id of 32 hexadecimal digits")
        headers = _headers(event.get("proof"))
        if headers["host"] != self.host:
            raise Unproven("wrong-host", f"the proof must be signed for {self.host}")
        if headers["content-type"] != STS_TYPE:
            raise Unproven("malformed", "the proof is not for sts:GetCallerIdentity")
        matched = _AUTHORIZATION.fullmatch(headers["authorization"])
        if matched is None:
            raise Unproven("malformed", "the proof has no AWS signature, version 4")
        day, region, listed = matched.groups()
        if listed.split(";") != sorted(headers.keys() - {"authorization"}):
            raise Unproven("unsigned-header", "each header of the proof must be signed, once")
        if region != self.node.settings.region:
            raise Unproven("wrong-host", "the proof is for another region")
        self._check_date(headers["x-amz-date"], day)
        settings = self.node.settings
        own = function_arn(settings.region, settings.account, self.function)
        if not hmac.compare_digest(headers[BINDING], binding(own, event)):
            raise Unproven("wrong-request", "the proof is for another function or request")
        return headers

    def _check_date(self, stamp: str, day: str) -> None:
        try:
            at = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise Unproven("malformed", "the proof has no date") from None
        if not stamp.startswith(day):
            raise Unproven("malformed", "the proof has two dates")
        away = at - self.node.now()
        if abs(away) > SKEW_SECONDS:
            which = "ahead of" if away > 0 else "behind"
            raise Unproven("clock", f"the caller's clock is {abs(away):.0f} s {which} the node's")

    def _ask(self, headers: Mapping[str, str]) -> Caller:
        named = {name: value for name, value in headers.items() if name != "host"}
        request = urllib.request.Request(  # noqa: S310 - STS's own address, or the emulated one
            f"{self._base}/", STS_BODY.encode(), named, method="POST"
        )
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=CALL_SECONDS) as answer:
                return _caller(answer.read(_MOST_ANSWER).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read(_MOST_ANSWER)) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise NoAnswer(f"AWS STS does not answer the node: {reason}") from None

    @property
    def host(self) -> str:
        """The host that proofs are signed for."""
        return urlsplit(self._base).netloc

    @property
    def _base(self) -> str:
        settings = self.node.settings
        return (settings.endpoint or f"https://{sts_host(settings.region)}").rstrip("/")


def _headers(proof: object) -> dict[str, str]:
    if not isinstance(proof, Mapping) or len(proof) > len(_REQUIRED) + 1:
        raise Unproven("malformed", "a proof is a few headers")
    headers = {str(name): value for name, value in proof.items()}
    if not all(isinstance(value, str) and _VALUE.fullmatch(value) for value in headers.values()):
        raise Unproven("malformed", "a header of the proof is not a text")
    if missing := _REQUIRED - headers.keys():
        raise Unproven("malformed", f"the proof lacks {', '.join(sorted(missing))}")
    if extra := headers.keys() - _REQUIRED - {_TOKEN}:
        raise Unproven("malformed", f"the proof has other headers: {len(extra)}")
    return headers


def _caller(text: str) -> Caller:
    matches = [re.search(rf"<{tag}>([^<]+)</{tag}>", text) for tag in ("Arn", "Account", "UserId")]
    arn, account, user = (match[1] if match else "" for match in matches)
    if not arn or not account:
        raise NoAnswer("AWS STS gave an answer that cannot be read")
    return Caller(arn, account, user)


def _refusal(status: int, body: bytes) -> Exception:
    text = body.decode("utf-8", "replace")
    word = re.search(r"<Code>([A-Za-z.]{1,64})</Code>", text)
    code = word[1] if word else f"HTTP {status}"
    if status >= 500 or status == 429 or "Throttl" in code:  # noqa: PLR2004 - HTTP's words
        return NoAnswer(f"AWS STS does not answer the node: {code}")
    return Unproven("refused", f"AWS refused the proof: {code}")
