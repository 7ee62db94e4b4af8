"""Facts at the top of the page: which workflow and dataset, who, when and where."""

from __future__ import annotations

from pennsieve_agent.domain.receipt.form import HERE, OWN_NODE, PENNSIEVE, Receipt
from pennsieve_agent.domain.receipt.page.html import Html, clipped, code, facts, join, quoted, tag
from pennsieve_agent.domain.receipt.page.reading import moment, part, text
from pennsieve_agent.domain.receipt.page.words import UNKNOWN, when

_PLACES = {
    OWN_NODE: "An own compute node",
    PENNSIEVE: "A compute node that Pennsieve runs",
    HERE: "A person's own machine",
}


def about(receipt: Receipt) -> Html:
    """The facts, with the time and place of each."""
    workflow = part(receipt, "workflow")
    times, batch = part(receipt, "times"), part(receipt, "batch")
    version = text(workflow, "version")
    inside = join(
        ("Subject ", quoted(text(batch, "subject"), 80), " of ", quoted(text(batch, "name"), 80))
    )
    return facts(
        [
            (
                "Workflow",
                join(
                    (
                        quoted(text(workflow, "name") or text(workflow, "id") or UNKNOWN, 80),
                        f" {clipped(version, 40)}",
                    )
                ),
            ),
            ("Dataset", _dataset(receipt)),
            (
                "Workspace",
                quoted(text(part(receipt, "workspace"), "name") or UNKNOWN, 80),
            ),
            ("Batch", inside if batch else None),
            ("Started by", _who(receipt)),
            ("Requested", when(moment(times, "created_at"))),
            ("Started", when(moment(times, "started_at"))),
            ("Ended", when(moment(times, "completed_at"))),
            ("Where", _where(receipt)),
            ("Id", code(text(receipt, "id"), 80)),
        ]
    )


def _dataset(receipt: Receipt) -> Html:
    dataset = part(receipt, "dataset")
    folder = text(dataset, "folder")
    name = quoted(text(dataset, "name") or text(dataset, "id") or UNKNOWN, 120)
    return join((name, tag("small", "results in ", quoted(folder, 160)) if folder else None))


def _who(receipt: Receipt) -> Html | None:
    who = part(receipt, "who")
    name = text(who, "name") or text(who, "email") or text(who, "caller")
    if not name:
        return None
    mail, caller = text(who, "email"), text(who, "caller")
    is_claimed = bool(text(who, "name")) and not who.get("verified")
    words = "not verified by Pennsieve" if is_claimed else None
    lines = [f"{clipped(mail, 120)}" if mail and mail != name else None, words]
    shown = "; ".join(line for line in lines if line)
    return join(
        (
            quoted(name, 120),
            tag("small", shown) if shown else None,
            tag("small", "AWS identity ", code(caller, 200)) if caller and caller != name else None,
        )
    )


def _where(receipt: Receipt) -> Html | None:
    place = _PLACES.get(text(receipt, "place"))
    node = part(receipt, "node")
    name, region = text(node, "name"), text(node, "region")
    account = text(node, "account")
    words = [
        clipped(word, 60) for word in (name, region, account and f"AWS account {account}") if word
    ]
    return (
        join((place, tag("small", quoted(", ".join(words))) if words else None)) if place else None
    )
