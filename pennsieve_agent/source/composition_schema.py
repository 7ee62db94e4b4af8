"""The JSON Schema of a composed workflow, with which editors complete and check the file."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.command_lines import LEVELS
from pennsieve_agent.domain.job_sizes import LEAST_DISK, MOST_DISK
from pennsieve_agent.domain.target_types import TARGETS
from pennsieve_agent.source.composition_yaml import (
    COMPUTE_TYPES,
    LAYOUTS,
    MOST_ID,
    PARAMETER_TYPES,
)

_NAMES = {
    "description": "Ids of steps or inputs.",
    "oneOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    ],
}
_VALUE = {"type": ["string", "number", "boolean"]}
_DECLARED = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {"type": {"enum": list(PARAMETER_TYPES)}, "default": _VALUE},
}
_PARAMETERS = {
    "type": "object",
    "description": "Values of parameters by their names.",
    "additionalProperties": _VALUE,
}
_IDS = {"minLength": 1, "maxLength": MOST_ID}


def composition_schema() -> dict[str, Any]:
    """The schema, as draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Composed workflow of pennsieve workflow add",
        "type": "object",
        "required": ["name", "steps"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "description": {"type": "string"},
            "layout": {
                "enum": list(LAYOUTS),
                "description": "Input in its folders, or all files at the top.",
            },
            "inputs": {**_NAMES, "description": "Ids of data sources; without it one, input."},
            "steps": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _IDS,
                "additionalProperties": _step(),
            },
            "targets": {
                "type": "object",
                "propertyNames": _IDS,
                "additionalProperties": _target(),
                "description": "What is done with results; without it they go to the dataset.",
            },
        },
    }


def _step() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["uses"],
        "additionalProperties": False,
        "properties": {
            "uses": {
                "type": "string",
                "minLength": 1,
                "description": "Its code: OWNER/NAME@TAG, a git URL, a folder, or an image, "
                "docker://NAME:TAG.",
            },
            "needs": {**_NAMES, "description": "What it reads; without it the input."},
            "parameters": {
                **_PARAMETERS,
                "description": "Values by names; of an image also {type, default}.",
                "additionalProperties": {"anyOf": [_VALUE, _DECLARED]},
            },
            "compute": {"enum": list(COMPUTE_TYPES)},
            "cpu": {"type": "integer", "minimum": 1, "description": "1024 are one processor."},
            "memory": {"type": "integer", "minimum": 1, "description": "MB."},
            "disk": {
                "type": "integer",
                "minimum": LEAST_DISK,
                "maximum": MOST_DISK,
                "description": "GiB for image and /tmp, on own nodes.",
            },
            "command": {
                "type": ["string", "array"],
                "items": {"type": "string"},
                "description": "Arguments of the image on own nodes: {input}, {output}, {NAME}.",
            },
            "bids": {"enum": list(LEVELS), "description": "The level of a BIDS App."},
        },
    }


def _target() -> dict[str, Any]:
    needs = {**_NAMES, "description": "Whose results; without it those that no step needs."}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "target": {"enum": list(TARGETS)},
            "needs": needs,
            "parameters": _PARAMETERS,
            "compute": {"enum": list(COMPUTE_TYPES)},
        },
    }
