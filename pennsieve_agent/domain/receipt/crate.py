"""The RO-Crate of a receipt: ``ro-crate-metadata.json``, as a Workflow Run RO-Crate.

It is pinned to RO-Crate 1.1 and version 0.5 of the profiles (https://w3id.org/ro/wfrun), and is
written as plain JSON-LD: the node writes it, too, and has the standard library alone. The process
and workflow run profiles are claimed always, the provenance run profile where a step has run: it
asks for an action of each tool.

Files that lie beside the crate are named by their paths; those that are on Pennsieve alone by
their package there, which no address leads to without signing in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pennsieve_agent.domain.receipt.crate_files import (
    Beside,
    CrateFiles,
    add_file_parameters,
    add_parameters,
)
from pennsieve_agent.domain.receipt.crate_graph import Entity, Graph, moment, ref, refs, status_of
from pennsieve_agent.domain.receipt.crate_steps import Around, add_steps
from pennsieve_agent.domain.receipt.form import BATCH, CRATE, Json, Receipt

CONTEXT = (
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
)

_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILE = "https://w3id.org/ro/wfrun/{}/0.5"
_NAMES = {
    _WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
    **{
        _PROFILE.format(name): (f"{name.capitalize()} Run Crate", "0.5")
        for name in ("process", "workflow", "provenance")
    },
}
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_LANGUAGE = "#pennsieve-workflow"
_LICENSE = (
    "The receipt does not state the licence of the data: that of the dataset on Pennsieve applies."
)


def workflow_text(receipt: Receipt) -> str:
    """The workflow of a receipt as a file: its steps with their code, without what a run did."""
    names = (
        *("id", "kind", "depends_on", "source_url", "tag", "commit", "digest", "image"),
        *("compute_type", "cpu", "memory_mb"),
    )
    document = {
        "form": "pennsieve-receipt-workflow/1",
        **receipt["workflow"],
        "layout": receipt["layout"],
        "steps": [{name: step[name] for name in names} for step in receipt["steps"]],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def crate_text(receipt: Receipt, beside: Beside) -> str:
    """``ro-crate-metadata.json`` of a receipt."""
    return json.dumps(crate_of(receipt, beside), indent=2, ensure_ascii=False) + "\n"


def crate_of(receipt: Receipt, beside: Beside) -> dict[str, Any]:
    """The document, as JSON-LD in the form that RO-Crate asks for: flat, and compacted."""
    graph = Graph()
    agent, engine = _agent(graph, receipt), _engine(graph, receipt)
    files = CrateFiles(graph, beside, receipt)
    if receipt["kind"] == BATCH:
        actions = [
            _of_subject(graph, row, beside, files, agent)
            for row in receipt["subjects"]
            if row["run_id"]
        ]
        workflow = _workflow(graph, receipt, beside, [])
    else:
        run = _run(graph, receipt, beside, files, agent)
        tools = add_steps(graph, receipt, Around(beside.workflow, engine, run, agent))
        workflow = _workflow(graph, receipt, beside, tools)
        actions = graph.of_type("CreateAction")
    _root(graph, receipt, beside, _Links(files.ids, actions, agent))
    graph.add(workflow)
    return {"@context": list(CONTEXT), "@graph": graph.entities}


@dataclass(frozen=True, slots=True)
class _Links:
    """The ids that the root refers to."""

    files: list[str]
    actions: list[str]
    agent: str


def _root(graph: Graph, receipt: Receipt, beside: Beside, links: _Links) -> None:
    detailed = bool(graph.of_type("OrganizeAction"))
    names = ("process", "workflow", *(("provenance",) if detailed else ()))
    profiles = [*(_PROFILE.format(name) for name in names), _WORKFLOW_CRATE]
    for id_ in profiles:
        name, version = _NAMES[id_]
        graph.add({"@id": id_, "@type": "CreativeWork", "name": name, "version": version})
    of = "batch" if receipt["kind"] == BATCH else "run"
    documents = {
        beside.receipt: ("The receipt", "application/json"),
        beside.page: ("The receipt as a page to read", "text/html"),
    }
    for id_, (name, form) in documents.items():
        if id_:
            graph.add({"@id": id_, "@type": "File", "name": name, "encodingFormat": form})
    graph.first(
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"{receipt['workflow']['name'] or 'A workflow'}: {of} {receipt['name']}",
            "description": f"What {of} '{receipt['name']}' of a workflow on Pennsieve did: its "
            "code, parameters, inputs, results, times and cost.",
            "datePublished": receipt["made_at"],
            "license": _LICENSE,
            "conformsTo": refs(profiles),
            "mainEntity": ref(beside.workflow),
            "hasPart": refs([beside.workflow, *filter(None, documents), *links.files]),
            "mentions": refs(links.actions),
            "author": ref(links.agent),
        }
    )
    graph.first(
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": ref("./"),
            "conformsTo": refs([_SPECIFICATION, _WORKFLOW_CRATE]),
        }
    )


def _workflow(graph: Graph, receipt: Receipt, beside: Beside, tools: list[str]) -> Entity:
    about = receipt["workflow"]
    graph.add(
        {
            "@id": _LANGUAGE,
            "@type": "ComputerLanguage",
            "name": "Pennsieve workflow",
            "url": ref("https://docs.pennsieve.io"),
        }
    )
    steps = graph.of_type("HowToStep")
    inputs = [id_ for id_ in graph.of_type("FormalParameter") if not id_.startswith("#result")]
    return {
        "@id": beside.workflow,
        "@type": [
            *("File", "SoftwareSourceCode", "ComputationalWorkflow"),
            *(("HowTo",) if steps else ()),
        ],
        "name": about["name"] or about["id"] or "workflow",
        "version": about["version"],
        "identifier": about["id"],
        "conformsTo": ref(_BIOSCHEMAS),
        "programmingLanguage": ref(_LANGUAGE),
        "encodingFormat": "application/json",
        "input": refs(inputs),
        "output": refs(set(graph.of_type("FormalParameter")) - set(inputs)),
        "hasPart": refs(tools),
        "step": refs(steps),
    }


def _agent(graph: Graph, receipt: Receipt) -> str:
    """Who started it. On an own node the name is what that person called himself."""
    who = receipt["who"]
    id_ = f"#{quote(str(who['id'] or who['caller'] or who['email'] or 'somebody'), safe='')}"
    graph.add(
        {
            "@id": id_,
            "@type": "Person",
            "name": who["name"] or who["email"] or who["caller"] or "an unknown person",
            "email": who["email"],
            "identifier": who["caller"] or who["id"],
        }
    )
    return id_


def _engine(graph: Graph, receipt: Receipt) -> str:
    node, id_ = receipt["node"], "#node"
    places = {"own": "own compute node", "pennsieve": "compute node of Pennsieve"}
    graph.add(
        {
            "@id": id_,
            "@type": "SoftwareApplication",
            "name": f"Pennsieve {places.get(receipt['place'], 'agent on a local machine')}",
            "description": node["name"],
            "identifier": node["code_digest"] or node["id"],
            "softwareVersion": node["version"],
            "url": ref("https://docs.pennsieve.io"),
        }
    )
    return id_


def _run(graph: Graph, receipt: Receipt, beside: Beside, files: CrateFiles, agent: str) -> str:
    id_ = f"urn:uuid:{receipt['id']}"
    objects = files.add(receipt["inputs"]["files"])
    results = files.add(
        (row for row in receipt["outputs"]["files"] or () if row["status"] != "missing"),
        results=True,
    )
    add_file_parameters(graph, objects, results)
    values = add_parameters(graph, receipt["parameters"])
    graph.add(
        _action(
            id_,
            f"Run {receipt['name']}",
            receipt,
            receipt["times"],
            {
                "instrument": ref(beside.workflow),
                "agent": ref(agent),
                "object": refs([*objects, *values]),
                "result": refs(results),
            },
        )
    )
    return id_


def _of_subject(graph: Graph, row: Json, beside: Beside, files: CrateFiles, agent: str) -> str:
    id_ = f"urn:uuid:{row['run_id']}"
    graph.add(
        _action(
            id_,
            f"Run of {row['subject']}, attempt {row['attempt']}",
            row,
            row,
            {
                "instrument": ref(beside.workflow),
                "agent": ref(agent),
                "object": refs(files.add(row["inputs"]["files"])),
                "result": refs(
                    files.add(
                        one for one in row["outputs"]["files"] or () if one["status"] != "missing"
                    )
                ),
            },
        )
    )
    return id_


def _action(id_: str, name: str, what: Json, times: Json, links: Entity) -> Entity:
    return {
        "@id": id_,
        "@type": "CreateAction",
        "name": name,
        "description": f"{name}: {what['status']}",
        "startTime": moment(times["started_at"]),
        "endTime": moment(times["completed_at"]),
        "actionStatus": status_of(what["status"]),
        "error": what["reason"] if what["status"] == "failed" else None,
        **links,
    }
