"""The descriptions of documents: complete, spelled in one way, and able to find a fault."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent import errors
from pennsieve_agent.console import documents
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import by_name, faults, is_plain, kinds_in
from pennsieve_agent.domain.runs import Run, RunStatus, StepState

RUN = Run(
    "u-1",
    RunStatus.FAILED,
    workflow_uuid="w-1",
    created_by="N:user:1",
    started_at="2026-11-28T10:00:00Z",
    states=(StepState("count", RunStatus.NOT_STARTED),),
)


def found(kind: str, value: Any) -> list[str]:
    return list(faults(kind, value, DOCUMENTS))


def test_every_type_is_known() -> None:
    unknown = [
        f"{document.name}.{field.name}: {field.type}"
        for document in DOCUMENTS.values()
        for field in document.fields
        for kind in kinds_in(field.type)
        if not is_plain(kind) and kind not in DOCUMENTS
    ]
    assert not unknown


def test_two_documents_have_two_names() -> None:
    run = DOCUMENTS["run"]
    with pytest.raises(ValueError, match="two documents are called 'run'"):
        by_name([run, replace(run, meaning="Another.")])


def test_names_are_spelled_in_one_way() -> None:
    people = {"created_by", "granted_by", "owner", "user", "member"}
    wrong = []
    for document in DOCUMENTS.values():
        for field in document.fields:
            place = f"{document.name}.{field.name}"
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", field.name):
                wrong.append(f"{place} is not in snake_case")
            if field.name in {"run", "uuid", "state"}:
                wrong.append(f"{place}: say run_id, id, status")
            if field.name in people and field.type != "person":
                wrong.append(f"{place} is not a person")
            if field.name.endswith("_at") and field.type != "time":
                wrong.append(f"{place} is not a time")
            if field.name == "status" and field.type != "word":
                wrong.append(f"{place} is not a word in lower case")
            if not field.meaning.endswith("."):
                wrong.append(f"{place} has no sentence")
    assert not wrong


def test_a_run_is_as_described() -> None:
    assert not found("run", documents.run(RUN))
    assert not found("list of run_summary", [documents.run_summary(RUN)])
    assert "steps" not in documents.run_summary(RUN)


def test_one_of_several_kinds_is_held_to_the_one_that_fits_best() -> None:
    mixed = [documents.run(RUN), documents.run_summary(RUN)]
    assert not found("list of run or run_summary", mixed)
    assert found("list of run or run_summary", [{**documents.run(RUN), "more": 1}]) == [
        "list of run or run_summary[0]: the field more is not described"
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"status": "FAILED"}, "run.status: 'FAILED' is not of type word"),
        ({"status": None}, "run.status: is null"),
        ({"started_at": "2026-11-28 10:00"}, "not of type time"),
        ({"started_at": "2026-11-28T10:00:00+00:00"}, "not of type time"),
        ({"workflowId": "x"}, "run: the field workflowId is not described"),
        ({"steps": [{}]}, "run.steps[0].id: is missing"),
        ({"steps": {}}, "run.steps: {} is not a list"),
        ({"parameters": {"count": {"A": 1}}}, "run.parameters[count][A]: 1 is not of type text"),
        ({"parameters": []}, "run.parameters: [] is not a map"),
        ({"created_by": "Ada"}, "run.created_by: 'Ada' is not a person"),
    ],
)
def test_a_document_that_is_otherwise_is_found(change: dict[str, Any], fault: str) -> None:
    assert fault in "\n".join(found("run", {**documents.run(RUN), **change}))


def test_a_boolean_is_no_number() -> None:
    limits = documents.limits(replace(RUN.limits, retries=1))
    assert found("run_limits", {**limits, "retries": True})
    assert found("run_limits", {**limits, "spot": 1})


def subclasses(of: type[errors.AgentError]) -> list[type[errors.AgentError]]:
    return [of, *(inner for cls in of.__subclasses__() for inner in subclasses(cls))]


def test_a_code_has_one_exit_code() -> None:
    seen: dict[str, int] = {}
    for cls in subclasses(errors.AgentError):
        assert seen.setdefault(cls.code, int(cls.exit_code)) == int(cls.exit_code), cls
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", cls.code)
        assert f" {cls.code} " in (errors.__doc__ or ""), f"{cls.code} is not in the tree"
