"""Asking the platform by way of the node's relay, which holds the run's token."""

from __future__ import annotations

import hashlib
import json
import random
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.transfer.sigv4 import keys_of_task, place, signed

PATIENCE_SECONDS = 2 * 3600.0
"""How long Pennsieve is waited for: results of hours are not given up for an hour without it."""
REFUSED_SECONDS = 600.0
"""How long it is tried again where AWS refuses the call: rights that were just given take a while
to count (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html)."""
_REFUSED = {401, 403, 404}
BACKOFF = Backoff(first=2.0, longest=60.0, repeats=None)
CALL_SECONDS = 60
_WORTH_REPEATING = {429, 500, 502, 503, 504}
_OK = 300


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay of a node, for one run. ``sleep`` waits; ``endpoint`` is an emulated AWS."""

    run: str
    function: str
    region: str
    sleep: Callable[[float], None]
    endpoint: str = ""
    keys: Callable[[], Mapping[str, str]] = keys_of_task

    def ask(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None
    ) -> dict[str, Any]:
        """What the platform answers; repeated while it is down.

        Raises:
            TransferError: it refuses, or stays down.

        """
        request = {"run": self.run, "method": method, "path": path, "query": query, "body": body}
        waited, repeats = 0.0, 0
        while True:
            try:
                answer, said = self._try(request)
            except urllib.error.HTTPError as error:  # AWS refuses the call itself
                error.close()
                if waited >= REFUSED_SECONDS:
                    raise _not_allowed(error) from None
                answer, said = None, str(error)
            if answer is not None:
                break
            if waited >= PATIENCE_SECONDS:
                raise TransferError(f"Pennsieve does not answer {method} {path}: {said}")
            pause = BACKOFF.wait(repeats, jitter=random.random()) or 0.0  # noqa: S311 - no secret
            self.sleep(pause)
            waited, repeats = waited + pause, repeats + 1
        status = int(answer.get("status", 0))
        if reason := answer.get("reason"):
            raise TransferError(str(reason))
        if not 0 < status < _OK:
            raise TransferError(f"Pennsieve refused {method} {path}: {status} {answer.get('body')}")
        body = answer.get("body")
        return body if isinstance(body, dict) else {"": body}

    def _try(self, request: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
        """An answer; or none, and why it is worth asking again.

        Raises:
            HTTPError: AWS does not let this machine call the relay, or has none.

        """
        try:
            answer = self._call({"relay": request})
        except urllib.error.HTTPError as error:
            if error.code in _REFUSED:
                raise
            error.close()
            return None, str(error)
        except (OSError, ValueError) as error:
            return None, str(error)
        if int(answer.get("status", 0)) in _WORTH_REPEATING:
            return None, f"{answer['status']} {answer.get('body')}"
        return answer, ""

    def _call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(event).encode()
        address = place("lambda", self.region, self.endpoint)
        url = f"{address}/2015-03-31/functions/{self.function}/invocations"
        digest = hashlib.sha256(body).hexdigest()
        headers = signed("POST", url, "lambda", self.region, dict(self.keys()), digest)
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - AWS
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310 - AWS
            reply = json.load(answer)
            if answer.headers.get("X-Amz-Function-Error"):
                raise ValueError(f"the relay failed: {reply}")
        if not isinstance(reply, dict):
            raise ValueError("the relay answers nothing")  # noqa: TRY004 - it is not ours
        return self._whole(reply) if "place" in reply else reply

    def _whole(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        """An answer that is larger than a function may give, from the node's bucket."""
        where = str(reply["place"])
        url = f"{place('s3', self.region, self.endpoint)}/{reply['bucket']}/{where}"
        headers = signed("GET", url, "s3", self.region, dict(self.keys()))
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the node's own bucket
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310 - AWS
            data = answer.read()
        named = re.search("[0-9a-f]{64}", where)
        if named is None or hashlib.sha256(data).hexdigest() != named[0]:
            raise ValueError("an answer in the node's bucket is not the one that was given")
        return {**reply, "body": json.loads(data)}


def _not_allowed(error: urllib.error.HTTPError) -> TransferError:
    return TransferError(
        f"AWS does not let this transfer call the node's relay ({error.code} {error.reason}); if "
        "the node was updated during the run, start the run again"
    )
