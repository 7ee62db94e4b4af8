"""The steps of a run in its RO-Crate, as the provenance run profile has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pennsieve_agent.domain.receipt.crate_graph import Entity, Graph, moment, ref, refs, status_of
from pennsieve_agent.domain.receipt.form import Json, Receipt

_UNITS = {
    "peak_memory_bytes": ("peak memory", "https://qudt.org/vocab/unit/BYTE"),
    "cpu_seconds": ("CPU time", "https://qudt.org/vocab/unit/SEC"),
    "read_bytes": ("read", "https://qudt.org/vocab/unit/BYTE"),
    "written_bytes": ("written", "https://qudt.org/vocab/unit/BYTE"),
}


@dataclass(frozen=True, slots=True)
class Around:
    """The ids of what the steps belong to: workflow, engine, the run's action, and a person."""

    workflow: str
    engine: str
    run: str
    agent: str


def add_steps(graph: Graph, receipt: Receipt, around: Around) -> list[str]:
    """Add the steps that ran; the ids of their tools.

    A step that never began has no action, and the profile asks for one of each tool.
    """
    begun = [
        (number, step)
        for number, step in enumerate(receipt["steps"], 1)
        if step["attempts"] or step["started_at"]
    ]
    if not begun:
        return []
    tools, controls = [], []
    for number, step in begun:
        key = quote(step["id"], safe="")
        tools.append(graph.add(_tool(key, step)))
        graph.add(
            {
                "@id": f"{around.workflow}#{key}",
                "@type": "HowToStep",
                "name": step["id"],
                "position": str(number),
                "workExample": ref(f"#tool/{key}"),
            }
        )
        actions = _actions(graph, key, step, receipt["name"], around.agent)
        controls.append(
            graph.add(
                {
                    "@id": f"#control/{key}",
                    "@type": "ControlAction",
                    "name": f"Step {step['id']}",
                    "instrument": ref(f"{around.workflow}#{key}"),
                    "object": refs(actions),
                    "actionStatus": status_of(step["status"]),
                    "error": step["reason"] if step["status"] == "failed" else None,
                }
            )
        )
    graph.add(
        {
            "@id": "#orchestration",
            "@type": "OrganizeAction",
            "name": f"Orchestration of {receipt['name']}",
            "instrument": ref(around.engine),
            "object": refs(controls),
            "result": ref(around.run),
            "startTime": moment(receipt["times"]["started_at"]),
            "endTime": moment(receipt["times"]["completed_at"]),
        }
    )
    return tools


def _tool(key: str, step: Json) -> Entity:
    address = step["source_url"]
    is_web = isinstance(address, str) and address.startswith(("https://", "http://"))
    return {
        "@id": f"#tool/{key}",
        "@type": "SoftwareApplication",
        "name": address or f"{step['kind']} {step['id']}",
        "softwareVersion": step["commit"] or step["tag"] or step["digest"],
        "url": ref(quote(address, safe=":/?&=%@+~.-_")) if is_web else None,
    }


def _actions(graph: Graph, key: str, step: Json, run_name: str, agent: str) -> list[str]:
    """An action for each attempt; of a step without any, one for the step."""
    rows: list[Json] = step["attempts"] or [
        {
            "started_at": step["started_at"],
            "completed_at": step["completed_at"],
            "reason": step["reason"],
            "measured": None,
            "exit_code": None,
        }
    ]
    ids = []
    for number, row in enumerate(rows, 1):
        is_last = number == len(rows)
        state = step["status"] if is_last else "failed"
        ids.append(
            graph.add(
                {
                    "@id": f"#attempt/{key}/{number}",
                    "@type": "CreateAction",
                    "name": f"Attempt {number} of step {step['id']}",
                    "description": f"One attempt of step {step['id']} of run {run_name}.",
                    "agent": ref(agent),
                    "instrument": ref(f"#tool/{key}"),
                    "startTime": moment(row["started_at"]),
                    "endTime": moment(row["completed_at"]),
                    "actionStatus": status_of(state),
                    "error": _error(row, step) if state == "failed" else None,
                    "containerImage": _image(graph, step),
                    "resourceUsage": refs(_usage(graph, f"{key}/{number}", row["measured"] or {})),
                }
            )
        )
    return ids


def _error(row: Json, step: Json) -> str | None:
    code = row["exit_code"]
    words: Any = row["reason"] or step["reason"]
    return words or (None if code is None else f"exit code {code}")


def _image(graph: Graph, step: Json) -> Entity | None:
    digest = step["digest"] or ""
    if not digest.startswith("sha256:"):
        return None
    id_ = f"#image/{digest}"
    graph.add(
        {
            "@id": id_,
            "@type": "ContainerImage",
            "name": step["source_url"] or step["id"],
            "sha256": digest.removeprefix("sha256:"),
            "additionalType": ref("https://w3id.org/ro/terms/workflow-run#DockerImage"),
        }
    )
    return ref(id_)


def _usage(graph: Graph, key: str, measured: Json) -> list[str]:
    return [
        graph.add(
            {
                "@id": f"#usage/{key}/{name}",
                "@type": "PropertyValue",
                "name": words,
                "propertyID": f"urn:pennsieve-agent:receipt:1#{name}",
                "value": str(measured[name]),
                "unitCode": unit,
            }
        )
        for name, (words, unit) in _UNITS.items()
        if measured.get(name) is not None
    ]
