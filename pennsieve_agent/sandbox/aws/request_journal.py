"""The journal of requests that changed the emulated AWS account, to replay them at a start.

The emulation keeps its state in memory. Every request that succeeded and changed something is
written down, with the seed of the random numbers that made its identifiers; replayed in order they
give the same account with the same identifiers (but with the replay's dates).
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

log = logging.getLogger(__name__)

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_READ_ACTIONS = re.compile(
    r"(Describe|Get|List|BatchGet|Head|Query|Scan|Select|Lookup|Search|Validate|Simulate|"
    r"Estimate|Preview|Test|Check|Filter|Detect)",
    re.IGNORECASE,
)
_STARTS_WORK = re.compile(r"(Invoke|SubmitJob|RunTask|Start|invocations)", re.IGNORECASE)
"""What started once must not start again at every restart."""
_TEMPORARY_SERVICES = frozenset({"sts"})
TEMPLATE = ".template.json"
"""What the names of stacks' templates in a bucket end with."""
_SCOPE = re.compile(r"Credential=[^/]*/\d+/[^/]*/([^/]+)/aws4_request")
_KEPT = re.compile(r"(HTTP_|CONTENT_|SERVER_|REQUEST_|PATH_INFO|QUERY_STRING|RAW_URI|REMOTE_ADDR)")
_DROPPED = frozenset({"HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_USER_AGENT", "HTTP_CONNECTION"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A request that changed something: its WSGI variables, its body, and its seed.

    ``created`` is the id of the resource that it created, if later requests name only that.
    """

    variables: Mapping[str, Any]
    body: bytes
    seed: int
    created: str = ""


class Journal:
    """The file of entries, one JSON object a line, readable only by the user."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: Entry) -> None:
        """Write an entry down."""
        fields = {
            "seed": entry.seed,
            "variables": entry.variables,
            "body": base64.b64encode(entry.body).decode(),
        }
        line = json.dumps({**fields, "made": entry.created} if entry.created else fields)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def leave_out(self, places: Container[int]) -> None:
        """Write the file anew without some of its :meth:`entries`, counted from 0."""
        part = self._path.with_name(f".{self._path.name}.part")
        part.unlink(missing_ok=True)
        new = Journal(part)
        for place, entry in enumerate(self.entries()):
            if place not in places:
                new.append(entry)
        part.touch(mode=0o600)
        part.replace(self._path)

    def translate(self, addresses: Mapping[str, str]) -> None:
        """Write the file anew with other addresses of this sandbox, except inside files' content.

        A stack's template that is too long for a request lies in a bucket and is changed, too. So
        whatever was made with them, such as a function's variables or a stack's template, has
        the present ones, as if the sandbox had never listened elsewhere.
        """
        if not addresses or not self._path.exists():
            return
        part = self._path.with_name(f".{self._path.name}.part")
        part.unlink(missing_ok=True)
        new = Journal(part)
        for entry in self.entries():
            keep = _is_file(entry)
            new.append(entry if keep else replace(entry, body=moved(entry.body, addresses)))
        part.touch(mode=0o600)
        part.replace(self._path)

    def entries(self) -> Iterator[Entry]:
        """All entries, in order, without lines that cannot be read, such as a cut-off last one."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    fields = json.loads(line)
                    body = base64.b64decode(fields["body"])
                    new_id = str(fields.get("made", ""))
                    yield Entry(dict(fields["variables"]), body, int(fields["seed"]), new_id)
                except (ValueError, KeyError, TypeError):
                    log.warning("%s:%d cannot be read and is left out", self._path, number)


def _is_file(entry: Entry) -> bool:
    scope = _SCOPE.search(entry.variables.get("HTTP_AUTHORIZATION", ""))
    is_template = str(entry.variables.get("PATH_INFO", "")).endswith(TEMPLATE)
    return scope is not None and scope.group(1) == "s3" and not is_template


def moved(text: bytes, addresses: Mapping[str, str]) -> bytes:
    """A text with old addresses replaced, also where a form has percent-encoded them."""
    forms = {
        form(old).encode(): form(new).encode()
        for old, new in addresses.items()
        for form in (str, lambda address: quote(address, safe=""))
    }
    pattern = re.compile(b"(?:" + b"|".join(map(re.escape, forms)) + b")(?![0-9])")
    return pattern.sub(lambda match: forms[match[0]], text)


def changes_something(environ: Mapping[str, Any], body: bytes) -> bool:
    """Whether a request may change the account in a way that should outlive the process."""
    if environ["REQUEST_METHOD"] in _READ_METHODS:
        return False
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = scope.group(1) if scope else ""
    if service in _TEMPORARY_SERVICES:
        return False
    if service == "s3":  # its operations have no names on the wire
        return True
    action = _action(environ, body)
    return not (_READ_ACTIONS.match(action) or _STARTS_WORK.match(action))


def variables(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The WSGI variables of a request that are stored: no signature and no session token."""
    kept = {
        name: value
        for name, value in environ.items()
        if _KEPT.match(name) and name not in _DROPPED and isinstance(value, str)
    }
    if "HTTP_AUTHORIZATION" in kept:
        signed = kept["HTTP_AUTHORIZATION"]
        kept["HTTP_AUTHORIZATION"] = re.sub(r"Signature=\w+", "Signature=0", signed)
    return kept


def _action(environ: Mapping[str, Any], body: bytes) -> str:
    """The operation's name: from the target header, the form, or the path's last part."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rpartition(".")[2]
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        named = re.search(rb"(?:^|&)Action=(\w+)", body)
        if named:
            return named.group(1).decode()
    return str(environ.get("PATH_INFO", "")).rstrip("/").rpartition("/")[2]
