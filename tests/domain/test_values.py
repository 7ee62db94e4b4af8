from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.domain.workflow_identity import Kind, described, new_integration
from pennsieve_agent.domain.workflows import BuildStatus


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (Parameter("a", ParameterType.NUMBER), " 1.5", "1.5"),
        (Parameter("a", ParameterType.NUMBER, minimum=0, maximum=2), "2", "2"),
        (Parameter("a", ParameterType.BOOLEAN), "Yes", "true"),
        (Parameter("a", ParameterType.BOOLEAN), "0", "false"),
        (Parameter("a", ParameterType.ENUM, allowed=("x", "y")), "y", "y"),
        (Parameter("a"), "anything = goes", "anything = goes"),
        (Parameter("a", ParameterType.UNKNOWN), "new", "new"),
    ],
)
def test_a_fitting_value(parameter: Parameter, value: str, expected: str) -> None:
    assert parameter.normalise(value) == expected


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (Parameter("a", ParameterType.NUMBER), "ten", "must be a number, not 'ten'"),
        (Parameter("a", ParameterType.NUMBER), "nan", "must be a finite number, not 'nan'"),
        (Parameter("a", ParameterType.NUMBER, minimum=1), "0", "must be at least 1, not 0"),
        (Parameter("a", ParameterType.NUMBER, maximum=1), "2", "must be at most 1, not 2"),
        (Parameter("a", ParameterType.BOOLEAN), "maybe", "must be true or false, not 'maybe'"),
        (Parameter("a", ParameterType.ENUM, allowed=("x", "y")), "z", "must be one of x, y"),
    ],
)
def test_an_unfitting_value(parameter: Parameter, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameter.normalise(value)


def test_words_of_a_server_may_grow() -> None:
    assert NodeStatus.of("enabled") is NodeStatus.ENABLED
    assert NodeStatus.of("Hibernating") is NodeStatus.UNKNOWN
    assert NodeStatus.of(None) is NodeStatus.UNKNOWN
    assert BuildStatus.of("error: no Dockerfile") is BuildStatus.ERROR


def test_canceled_has_two_spellings() -> None:
    assert RunStatus.of("CANCELLED") is RunStatus.CANCELED
    assert RunStatus.of("CANCELED").is_final
    assert not RunStatus.FINALIZING.is_final


def test_roles_are_ordered() -> None:
    assert Role.MANAGER.at_least(Role.EDITOR)
    assert not Role.VIEWER.at_least(Role.EDITOR)
    assert not Role.UNKNOWN.at_least(Role.NONE)


def test_a_secret_is_not_in_a_repr() -> None:
    assert "hunter2" not in repr(ApiKey("key", "hunter2"))


@given(st.uuids(), st.text(max_size=300), st.sampled_from(Kind))
def test_a_workflow_is_known_by_its_integration(uuid: object, name: str, kind: Kind) -> None:
    new = new_integration(str(uuid), name, kind)
    assert len(new.body["displayName"]) < 256  # contracts/core.md 6.3
    assert described(new.body["description"]) == (str(uuid), kind)


@given(st.text(max_size=80))
def test_any_other_description_is_no_workflows(text: str) -> None:
    assert described(text) is None
