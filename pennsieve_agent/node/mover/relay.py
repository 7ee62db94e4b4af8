"""Asking the platform by way of the reconciler, which holds the run's token."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.node.mover.trouble import Trouble
from pennsieve_agent.node.sigv4 import keys_of_task, place, signed

ATTEMPTS = 8
CALL_SECONDS = 60
_WORTH_REPEATING = {429, 500, 502, 503, 504}
_OK = 300


@dataclass(frozen=True, slots=True)
class Relay:
    """The reconciler of a node, for one run. ``sleep`` waits; ``endpoint`` is an emulated AWS."""

    run: str
    function: str
    region: str
    sleep: Callable[[float], None]
    endpoint: str = ""
    keys: Callable[[], Mapping[str, str]] = keys_of_task

    def ask(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None
    ) -> dict[str, Any]:
        """What the platform answers; repeated while it is down for a moment.

        Raises:
            Trouble: it refuses, or stays down.

        """
        asked = {"run": self.run, "method": method, "path": path, "query": query, "body": body}
        said = "no answer"
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(min(2.0**attempt, 30.0))
            try:
                answer = self._call({"relay": asked})
            except (OSError, ValueError) as error:
                said = str(error)
                continue
            status = int(answer.get("status", 0))
            if status in _WORTH_REPEATING:
                said = f"{status} {answer.get('body')}"
                continue
            if not 0 < status < _OK:
                raise Trouble(f"Pennsieve refused {method} {path}: {status} {answer.get('body')}")
            found = answer.get("body")
            return found if isinstance(found, dict) else {"": found}
        raise Trouble(f"Pennsieve does not answer {method} {path}: {said}")

    def _call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(event).encode()
        address = place("lambda", self.region, self.endpoint)
        url = f"{address}/2015-03-31/functions/{self.function}/invocations"
        digest = hashlib.sha256(body).hexdigest()
        headers = signed("POST", url, "lambda", self.region, dict(self.keys()), digest)
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - AWS
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310 - AWS
            found = json.load(answer)
            if answer.headers.get("X-Amz-Function-Error"):
                raise ValueError(f"the reconciler failed: {found}")
        if not isinstance(found, dict):
            raise ValueError("the reconciler answers nothing")  # noqa: TRY004 - it is not ours
        return found
