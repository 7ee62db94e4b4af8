"""What ran and how: code, parameters, machines, what was measured, the node and its digests."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.html import (
    Child,
    Html,
    clipped,
    code,
    facts,
    join,
    quoted,
    section,
    table,
    tag,
)
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.timeline import KINDS
from pennsieve_agent.domain.receipt.page.words import money, sentence, span

_CPU, _GB = 1024, 1024
_LINES = 200


def how(receipt: Receipt) -> Html:
    """The section of the code."""
    cards = [_step(receipt, step) for step in rows(receipt, "steps")]
    nothing = tag("p", "This receipt has no steps.", class_="quiet")
    note = "The commit and the digest of the image identify the code exactly."
    return section("code", "Code and parameters", *(cards or [nothing]), note=note)


def _step(receipt: Receipt, step: Json) -> Html:
    id_ = text(step, "id")
    values = {**part(receipt, "parameters", id_), **part(receipt, "targets", id_)}
    before = step.get("depends_on")
    names = ", ".join(map(str, before)) if isinstance(before, list) else ""
    kind = KINDS.get(text(step, "kind"), "")
    pairs: list[tuple[str, Child]] = [
        ("Code", _address(text(step, "source_url"))),
        ("Version", _maybe(text(step, "tag"))),
        ("Commit", _maybe(text(step, "commit"))),
        ("Image digest", _maybe(text(step, "digest"))),
        ("Image", _maybe(text(step, "image"))),
        ("Machine", machine(step)),
        ("After", quoted(names, 200) if names else None),
    ]
    head = tag("h3", quoted(id_, 80), tag("small", f" {kind}"))
    return tag("article", head, facts(pairs), _parameters(id_, values), class_="step")


def _maybe(words: str) -> Html | None:
    return code(words) if words else None


def _address(url: str) -> Html | None:
    """A link, if it leads to a web page; any other address is text."""
    if not url:
        return None
    if url.startswith(("https://", "http://")):
        return tag("a", quoted(url, 200), href=url[:2000], rel="noopener noreferrer")
    return quoted(url, 200)


def machine(step: Json) -> str | None:
    """``2 vCPU, 8 GB of memory, standard``; None where nothing is known."""
    cpu, memory = number(step, "cpu"), number(step, "memory_mb")
    words = [
        f"{cpu / _CPU:g} vCPU" if cpu else "",
        f"{memory / _GB:g} GB of memory" if memory else "",
        clipped(text(step, "compute_type"), 40),
    ]
    return ", ".join(word for word in words if word) or None


def _parameters(id_: str, values: Mapping[str, object]) -> Html | None:
    if not values:
        return None
    lines = [
        tag("tr", tag("th", quoted(name, 120), scope="row"), tag("td", code(_value(value), 1000)))
        for name, value in list(values.items())[:_LINES]
    ]
    caption = f"Parameters of {clipped(id_, 60)}"
    if len(values) > _LINES:
        caption += f", the first {_LINES} of {len(values):,}: receipt.json has all"
    return table(caption, ("Parameter", "Value"), lines, "parameters")


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def node(receipt: Receipt) -> Html:
    """The section of the node."""
    known, limits = part(receipt, "node"), part(receipt, "limits")
    layers = receipt.get("layers")
    names = ", ".join(map(str, layers)) if isinstance(layers, list) else ""
    layout = text(receipt, "layout")
    pairs: list[tuple[str, Child]] = [
        ("Node", _named(known)),
        ("Version", quoted(text(known, "version"), 40) if known.get("version") else None),
        ("Mode", sentence(clipped(text(known, "mode"), 40))),
        ("Engine", sentence(clipped(text(known, "engine"), 40))),
        ("AWS region", clipped(text(known, "region"), 40)),
        ("AWS account", clipped(text(known, "account"), 40)),
        ("Code digest", _maybe(text(known, "code_digest"))),
        ("Stack digest", _maybe(text(known, "stack_digest"))),
        ("Policy digest", _maybe(text(known, "policy_digest"))),
        ("Pennsieve", _maybe(text(receipt, "host"))),
        ("Layout of the input", clipped(layout, 40)),
        ("Layers", quoted(names, 400) if names else None),
        ("Limits", _limits(limits)),
        ("Taken over", _taken(part(receipt, "taken_over"))),
        ("Fingerprint", _maybe(text(receipt, "fingerprint"))),
    ]
    note = "Digests are SHA-256. The same fingerprint means: the same code on the same input."
    return section("node", "Node", facts(pairs), note=note)


def _named(known: Json) -> Html | None:
    name, id_ = text(known, "name"), text(known, "id")
    if not name and not id_:
        return None
    return join((quoted(name or id_, 80), tag("small", code(id_, 80)) if name and id_ else None))


def _taken(taken: Json) -> Html | None:
    """The steps of an earlier run that were not repeated."""
    steps = taken.get("steps")
    if not isinstance(steps, list):
        return None
    return quoted(f"{', '.join(map(str, steps))} of run {text(taken, 'name')}", 400)


def _limits(limits: Json) -> str:
    usd, seconds = number(limits, "max_cost_usd"), number(limits, "seconds")
    retries, grow = number(limits, "retries"), number(limits, "memory_on_oom")
    kept = number(limits, "keep_steps")
    words = [
        f"at most {money(usd)}" if usd else "",
        f"at most {span(seconds)}" if seconds else "",
        f"retries: {retries:.0f}" if retries else "",
        f"{grow:g} times the memory after running out of it" if grow else "",
        "on Spot machines" if limits.get("spot") else "",
        f"steps kept for {kept:.0f} days after a failure" if kept else "",
    ]
    return sentence("; ".join(word for word in words if word)) or "None"
