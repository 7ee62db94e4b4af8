from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import Invalid, NotFound, PlatformError, Unreachable
from tests.fakes.scripted_platform import scripted

W = "N:organization:w"
DEFINITIONS = "v2/compute/workflows/definitions"
URL = "https://github.com/lab/spike-rate"
STEPS = (
    Step("src", StepKind.SOURCE),
    Step(
        "sum",
        StepKind.PROCESSOR,
        ("src",),
        source_url=URL,
        tag="v1",
        compute_type="standard",
        cpu=1024,
        memory=2048,
        default_params={"WINDOW": "10"},
    ),
    Step("out", StepKind.TARGET, ("sum",), target_type=DATASET_TARGET, compute_type="lambda"),
)
NODES: list[dict[str, Any]] = [
    {"id": "src", "type": "data-source"},
    {
        "id": "sum",
        "type": "processor",
        "dependsOn": ["src"],
        "sourceUrl": URL,
        "tag": "v1",
        "computeType": "standard",
        "cpu": "1024",
        "memory": "2048",
        "defaultParams": {"WINDOW": "10"},
    },
    {
        "id": "out",
        "type": "data-target",
        "dependsOn": ["sum"],
        "targetType": "Pennsieve Dataset",
        "computeType": "lambda",
    },
]


def definition(uuid: str = "w", **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "name": f"Workflow {uuid}", "isActive": True, **more}


def get_one(**more: Any) -> Workflow:
    with scripted() as (script, platform):
        script.on(f"GET {DEFINITIONS}/w", definition(**more))
        return platform.workflows.get("w")


def test_create_sends_processors_and_reads_dag() -> None:
    body = {"name": "n", "description": "d", "organizationId": W, "processors": NODES}
    with scripted() as (script, platform):
        script.on(f"POST {DEFINITIONS}", definition(dag=NODES), status=201, body=body)
        made = platform.workflows.create("n", "d", W, STEPS)
    assert made.steps == STEPS


def test_create_whose_answer_says_little_is_read_back() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {DEFINITIONS}", {"id": "w"})
        script.on(f"GET {DEFINITIONS}/w", definition(processors=NODES))
        assert platform.workflows.create("n", "d", W, STEPS).steps == STEPS


def test_create_is_sent_once_as_names_are_not_unique() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {DEFINITIONS}", httpx.ReadTimeout("lost"))
        with pytest.raises(Unreachable):
            platform.workflows.create("n", "d", W, STEPS)


def test_create_refused() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {DEFINITIONS}", {"error": "unknown dependsOn"}, status=400)
        with pytest.raises(Invalid, match="unknown dependsOn"):
            platform.workflows.create("n", "d", W, STEPS)


@pytest.mark.parametrize("name", ["dag", "processors", "nodes"])
def test_the_graph_is_read_under_any_of_its_names(name: str) -> None:
    assert get_one(**{name: NODES}).steps == STEPS


def test_the_map_of_an_old_definition() -> None:
    steps = get_one(dag={"https://a": [], "https://b": ["https://a", ""], "https://c": None}).steps
    assert [(s.id, s.kind, s.depends_on, s.source_url) for s in steps] == [
        ("https://a", StepKind.PROCESSOR, (), "https://a"),
        ("https://b", StepKind.PROCESSOR, ("https://a",), "https://b"),
        ("https://c", StepKind.PROCESSOR, (), "https://c"),
    ]


def test_old_nodes_without_id_or_type_and_with_empty_parents() -> None:
    (step,) = get_one(dag=[{"sourceUrl": URL, "dependsOn": ["", None]}]).steps
    assert step == Step("step-1", StepKind.PROCESSOR, (), source_url=URL)


def test_sizes_come_as_text_or_number_or_from_the_application() -> None:
    runtime = {"cpu": 512, "memory": "1024"}
    nodes = [{"id": "a", "cpu": 256, "memory": ""}, {"id": "b", "runtimeConfig": runtime}]
    first, second = get_one(dag=nodes).steps
    assert (first.cpu, first.memory) == (256, 0)
    assert (second.cpu, second.memory) == (512, 1024)


def parameters(*schema: dict[str, Any], **node: Any) -> tuple[Parameter, ...]:
    (step,) = get_one(dag=[{"id": "p", "type": "processor", "paramSchema": schema, **node}]).steps
    return step.parameters


def test_four_spellings_of_two_ideas() -> None:
    found = parameters(
        {"name": "A", "type": "enum", "defaultValue": "x", "validValues": ["x", "y"]},
        {"name": "B", "type": "enum", "default": "x", "allowedValues": ["x", "y"]},
    )
    assert [(p.type, p.default, p.allowed) for p in found] == [
        (ParameterType.ENUM, "x", ("x", "y"))
    ] * 2


def test_a_parameter_without_a_default_is_required() -> None:
    found = parameters(
        {"name": "A", "defaultValue": None},
        {"name": "B", "required": False},
        {"name": "C", "required": True, "defaultValue": ""},
    )
    assert [(p.name, p.required, p.default) for p in found] == [
        ("A", True, None),
        ("B", True, None),
        ("C", False, ""),
    ]


def test_defaults_are_text_whatever_they_were() -> None:
    values = [True, 10, 2.5, 3.0, "x"]
    found = parameters(*({"name": str(n), "defaultValue": v} for n, v in enumerate(values)))
    assert [p.default for p in found] == ["true", "10", "2.5", "3", "x"]


def test_the_workflows_defaults_lie_over_the_applications() -> None:
    schema = [{"name": "A", "defaultValue": "1"}, {"name": "B"}, {"name": "C"}]
    found = parameters(*schema, defaultParams={"A": "2", "B": 3})
    assert [(p.default, p.required) for p in found] == [("2", False), ("3", False), (None, True)]


def test_a_data_targets_defaults_do_not() -> None:
    node = {
        "id": "t",
        "type": "data-target",
        "paramSchema": [{"name": "A"}],
        "defaultParams": {"A": "2"},
    }
    (step,) = get_one(dag=[node]).steps
    assert (step.parameters[0].required, step.default_params) == (True, {"A": "2"})


def test_ranges_and_unknown_types() -> None:
    number, strange, nameless = (
        {"name": "A", "type": "number", "min": 1, "max": "5", "label": "l", "description": "d"},
        {"name": "B", "type": "matrix", "min": "low"},
        {"type": "string"},
    )
    first, second = parameters(number, strange, nameless)
    assert (first.minimum, first.maximum, first.label, first.description) == (1, 5, "l", "d")
    assert (second.type, second.minimum) == (ParameterType.UNKNOWN, None)


@pytest.mark.parametrize(
    "answer", [b"", b"null", b"{}", b'{"uuid":"w"}', b'{"uuid":"w","name":"","dag":{}}']
)
def test_200_with_next_to_nothing_is_no_workflow(answer: bytes) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {DEFINITIONS}/w", answer)
        with pytest.raises(NotFound, match="there is no workflow w"):
            platform.workflows.get("w")


def test_list_follows_cursors_and_repeats_its_filters() -> None:
    query = {"organization_id": W, "status": "active", "limit": "100"}
    with scripted() as (script, platform):
        page = {"workflows": [definition("1")], "nextCursor": "c"}
        script.on(f"GET {DEFINITIONS}", page, query=query)
        page = {"workflows": [definition("2")], "nextCursor": ""}
        script.on(f"GET {DEFINITIONS}", page, query=query | {"cursor": "c"})
        assert [w.uuid for w in platform.workflows.list(W)] == ["1", "2"]


def test_list_of_an_older_server_is_everything_at_once_and_unfiltered() -> None:
    rows = [definition("1"), definition("2", isActive=False)]
    with scripted() as (script, platform):
        script.on(f"GET {DEFINITIONS}", rows)
        script.on(f"GET {DEFINITIONS}", rows)
        script.on(f"GET {DEFINITIONS}", b"null")
        assert [w.uuid for w in platform.workflows.list(W)] == ["1"]
        assert [w.uuid for w in platform.workflows.list(W, archived=True)] == ["2"]
        assert list(platform.workflows.list(W)) == []


def test_archive() -> None:
    with scripted() as (script, platform):
        script.on(f"PATCH {DEFINITIONS}/w", httpx.ReadError("lost"))
        script.on(f"PATCH {DEFINITIONS}/w", b"", body={"isActive": False})
        platform.workflows.archive("w")


def test_steps_move_to_other_tags() -> None:
    with scripted() as (script, platform):
        script.on(f"PATCH {DEFINITIONS}/w", {}, body={"versions": {"sum": "v2"}})
        platform.workflows.set_versions("w", {"sum": "v2"})


def test_an_unexpected_definition_names_the_call_and_the_field() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {DEFINITIONS}/w", definition(dag=["x"]))
        with pytest.raises(PlatformError, match="unexpected answer from Pennsieve: 'dag'"):
            platform.workflows.get("w")
