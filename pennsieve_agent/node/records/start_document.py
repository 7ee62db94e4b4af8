"""The request that starts a run: validated and decoded. Pure.

``{id, name, workflow, version, dataset, packages, sources, files, parameters, targets, limits,
layers, layout, undeclared, estimate, from, mail}``. It names a registered version and has no code
of its own; the dataset is empty where the version moves no files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.mail import address_problem
from pennsieve_agent.domain.node_protocol import digest_of
from pennsieve_agent.node.records.version_document import LAYOUTS

Json = Mapping[str, Any]
ESTIMATE = "estimate"
MOST_PACKAGES = 50_000
MOST_RETRIES = 10
MOST_SECONDS = 14 * 86_400
MOST_KEPT = 14
"""Days: what a run has in the bucket is deleted after 30, and a run may take 14 itself."""
LEAST_GROWTH, MOST_GROWTH = 1.5, 4
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATASET = re.compile(r"(N:dataset:[0-9A-Za-z-]{1,64})?")
_PACKAGE = re.compile(r"N:(package|collection):[0-9A-Za-z-]{1,64}")
_LAYER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{0,256}")


@dataclass(frozen=True, slots=True)
class Start:
    """A request for a run. ``content`` is the digest of what is asked for.

    ``goes_on`` is ``{run, step}`` where steps of a run that is over are taken over.
    ``mail`` is the address that is told of the end.
    ``estimate`` is what the caller was told before it, which is kept with the run: it is not in the
    digest, as another run may end before the same request comes a second time.
    """

    id: str
    workflow: str
    version: str
    dataset: str
    content: str
    name: str = ""
    packages: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[Json, ...] = ()
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    layout: str = ""
    undeclared: bool = False
    estimate: Json = field(default_factory=dict)
    goes_on: Json = field(default_factory=dict)
    mail: str = ""

    @classmethod
    def of(cls, body: Json) -> Self:
        """A request as it was sent.

        Raises:
            ValueError: what is wrong, in words.

        """
        for name, pattern in (("id", _ID), ("dataset", _DATASET), ("name", _NAME)):
            if not pattern.fullmatch(_text(body, name)):
                raise ValueError(f"'{name}' of a run is not valid")
        layout = _text(body, "layout")
        if layout not in {"", *LAYOUTS}:
            raise ValueError("layout must be tree or flat")
        sources = {
            step: _all(rows, _PACKAGE, "packages")
            for step, rows in _mapping(body.get("sources"), "sources").items()
        }
        listed = _all(body.get("packages") or [], _PACKAGE, "packages")
        packages = dict.fromkeys(
            (*listed, *(package for rows in sources.values() for package in rows))
        )
        if len(packages) > MOST_PACKAGES:
            raise ValueError(f"a run has at most {MOST_PACKAGES} packages")
        return cls(
            id=_text(body, "id"),
            workflow=_text(body, "workflow"),
            version=_text(body, "version"),
            dataset=_text(body, "dataset"),
            content=digest_of({name: body[name] for name in body if name != ESTIMATE}),
            name=_text(body, "name"),
            packages=tuple(packages),
            sources=sources,
            files=_files(body.get("files") or []),
            parameters=_texts(body.get("parameters"), "parameters"),
            targets=_texts(body.get("targets"), "targets"),
            limits=limits_of(body.get("limits")),
            layers=_all(body.get("layers") or [], _LAYER, "layers"),
            layout=layout,
            undeclared=body.get("undeclared") is True,
            estimate=estimate_of(body.get(ESTIMATE)),
            goes_on=_goes_on(body.get("from")),
            mail=mail_of(body),
        )

    @property
    def bytes(self) -> int | None:
        """The size of the files that are named, in bytes; None where it is not known of all."""
        sizes = [row["size"] for row in self.files]
        return None if None in sizes or not sizes else sum(sizes)


def mail_of(body: Json) -> str:
    """The address that is told of the end; empty for nobody.

    Raises:
        ValueError: what is wrong with it, in words.

    """
    address = _text(body, "mail")
    if address and (why := address_problem(address)):
        raise ValueError(f"'mail' of a run cannot be used: {why}")
    return address


def _text(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"'{name}' of a run must be a text")  # noqa: TRY004 - a wrong document
    return value


def _mapping(value: Any, name: str) -> Json:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"'{name}' of a run must have names and values")  # noqa: TRY004 - as above
    return value


def _goes_on(value: Any) -> Json:
    """The run whose finished steps are taken over, and the step from which on it is repeated."""
    document = _mapping(value, "from")
    if document and not (_ID.fullmatch(_text(document, "run")) and (_text(document, "step"))):
        raise ValueError("'from' of a run must name a run and a step")
    return document


def _all(rows: Any, pattern: re.Pattern[str], name: str) -> tuple[str, ...]:
    if not isinstance(rows, list) or not all(
        isinstance(value, str) and pattern.fullmatch(value) for value in rows
    ):
        raise ValueError(f"'{name}' of a run must be a list of such names")
    return tuple(dict.fromkeys(rows))


def _texts(value: Any, name: str) -> dict[str, dict[str, str]]:
    steps = {step: _mapping(values, name) for step, values in _mapping(value, name).items()}
    if not all(isinstance(text, str) for values in steps.values() for text in values.values()):
        raise ValueError(f"'{name}' of a run must be texts")
    return {step: dict(values) for step, values in steps.items()}


def _files(rows: Any) -> tuple[Json, ...]:
    if not isinstance(rows, list) or len(rows) > MOST_PACKAGES:
        raise ValueError("'files' of a run must be a list")
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("path"), str):
            raise ValueError("each file of a run must have a path")  # noqa: TRY004 - as above
        size = row.get("size")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
            raise ValueError("the size of a file must be a number of bytes")
        if not isinstance(row.get("checksum") or "", str):
            raise ValueError("the checksum of a file must be a text")  # noqa: TRY004 - as above
    names = ("path", "package", "size", "checksum")
    return tuple({name: row.get(name) for name in names} for row in rows)


def estimate_of(document: Any) -> dict[str, Any]:
    """The estimate of a run as it is kept; empty where there is none.

    Raises:
        ValueError: what is wrong, in words.

    """
    return {} if document is None else Forecast.of(document).document()


def limits_of(document: Any) -> dict[str, Any]:
    """The limits of a run, with what is not set left out.

    Raises:
        ValueError: what is wrong, in words.

    """
    limits = _mapping(document, "limits")
    rules: dict[str, Callable[[Any], bool]] = {
        "maxCost": lambda cost: _number(cost) and math.isfinite(cost) and cost >= 0,
        "timeoutSeconds": lambda n: _number(n) and 0 <= n <= MOST_SECONDS,
        "spot": lambda spot: isinstance(spot, bool),
        "retries": lambda n: isinstance(n, int) and _number(n) and 0 <= n <= MOST_RETRIES,
        "keepSteps": lambda days: (
            isinstance(days, int) and _number(days) and 0 <= days <= MOST_KEPT
        ),
        "memoryOnOom": lambda n: _number(n) and LEAST_GROWTH <= n <= MOST_GROWTH,
    }
    chosen = {name: value for name, value in limits.items() if value}
    for name, value in chosen.items():
        if name not in rules or not rules[name](value):
            raise ValueError(f"the limit '{name}' is not supported by a node")
    return chosen


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
