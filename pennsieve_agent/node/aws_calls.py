"""Calls of AWS that the boto3 of a function may not know yet, as signed requests of our own.

Functions have the boto3 of AWS's runtime, whose version "depends on the runtime version and your
AWS Region" (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html). Before 1.43 it
refuses the volumes of S3 Files in a job definition by itself, and still older ones have no client
of S3 Files. So these few calls are made without it, whichever version there is; everything else
that the node sends is older than the runtime. Names and addresses of members are those of the
services' own descriptions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3Files_CreateAccessPoint.html
and https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.transfer.sigv4 import signed

Keys = Callable[[], dict[str, str]]
"""The keys of whoever calls, as :func:`~pennsieve_agent.transfer.sigv4.signed` takes them."""
BACKOFF = Backoff(first=1.0, longest=20.0, repeats=2)
"""Three attempts, as in boto3's standard mode
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)."""
CALL_SECONDS = 30
_WORTH_REPEATING = {429, 500, 502, 503, 504}
_TOO_MANY = {"Throttling", "ThrottlingException", "TooManyRequestsException"}
"""These may come with the status 400
(https://docs.aws.amazon.com/batch/latest/APIReference/CommonErrors.html)."""


@dataclass(frozen=True, slots=True)
class SignedCalls:
    """Calls of one service of AWS that takes and gives JSON, at an address; ``sleep`` waits."""

    service: str
    region: str
    address: str
    keys: Keys
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251 - the function itself

    def send(
        self, operation: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What AWS answers; asked again a little later while it is busy, or cannot be reached.

        Raises:
            ClientError: AWS refuses, in the form in which boto3 says it.
            OSError: it cannot be reached.

        """
        data = b"" if body is None else json.dumps(body).encode()
        waits = BACKOFF.waits(random.random)
        while True:
            try:
                return self._call(method, path, data)
            except urllib.error.HTTPError as error:
                is_busy, failure = _refusal(error, operation)
            except (OSError, http.client.HTTPException) as error:
                is_busy, failure = True, OSError(f"{operation}: {error}")
            wait = next(waits)
            if wait is None or not is_busy:
                raise failure
            self.sleep(wait)

    def _call(self, method: str, path: str, data: bytes) -> dict[str, Any]:
        url = self.address.rstrip("/") + path
        digest = hashlib.sha256(data).hexdigest()
        headers = signed(method, url, self.service, self.region, self.keys(), digest)
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data or None, headers, method=method)  # noqa: S310 - AWS
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310 - AWS
            text = answer.read()
        members: dict[str, Any] = json.loads(text) if text else {}
        return members


def _refusal(error: urllib.error.HTTPError, operation: str) -> tuple[bool, Exception]:
    """Whether AWS is only busy, and what boto3 would raise.

    AWS's word for it is in a header or in the body, with a name space or an address around it
    (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization).
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow, and seldom needed

    try:
        body = json.loads(error.read())
    except (ValueError, OSError, http.client.HTTPException):
        body = {}
    said = body if isinstance(body, dict) else {}
    word = error.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code")
    code = str(word or error.code).partition(":")[0].rpartition("#")[2]
    message = str(said.get("message") or said.get("Message") or error.reason)
    is_busy = error.code in _WORTH_REPEATING or code in _TOO_MANY
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": error.code},
    }
    return is_busy, ClientError(response, operation)


@dataclass(frozen=True, slots=True)
class S3Files:
    """The client of S3 Files, as far as a node uses one."""

    calls: SignedCalls

    def create_access_point(self, **members: Any) -> dict[str, Any]:
        """CreateAccessPoint."""
        return self.calls.send("CreateAccessPoint", "PUT", "/access-points", members)

    def delete_access_point(self, *, accessPointId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """DeleteAccessPoint; of an id or an ARN."""
        path = f"/access-points/{quote(accessPointId, safe='')}"
        return self.calls.send("DeleteAccessPoint", "DELETE", path)


@dataclass(frozen=True, slots=True)
class Batch:
    """boto3's client of AWS Batch, which registers job definitions of any kind."""

    client: Any
    calls: SignedCalls

    def register_job_definition(self, **members: Any) -> dict[str, Any]:
        """RegisterJobDefinition."""
        path = "/v1/registerjobdefinition"
        return self.calls.send("RegisterJobDefinition", "POST", path, members)

    def __getattr__(self, name: str) -> Any:
        """Everything else is boto3's own."""
        return getattr(self.client, name)


def s3files_address(region: str) -> str:
    """Where S3 Files answers in a region: it has the addresses of both IPv4 and IPv6 alone.

    ("Dual-stack endpoints", https://docs.aws.amazon.com/general/latest/gr/rande.html.)
    """
    domain = "api.amazonwebservices.com.cn" if region.startswith("cn-") else "api.aws"
    return f"https://s3files.{region}.{domain}"
