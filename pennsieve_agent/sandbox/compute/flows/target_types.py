"""What data targets can do (``contracts/workflows.md`` 2.5)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.target_types import DATASET_TARGET

ASSET_TARGET = "Pennsieve Package Asset"
LAYER_TARGET = "persistent-layer"
LAYER_NAME = "layerName"


def _text(name: str, description: str, default: str | None) -> dict[str, Any]:
    return {"name": name, "type": "string", "description": description, "defaultValue": default}


def _type(name: str, label: str, *params: dict[str, Any]) -> dict[str, Any]:
    return {
        "targetType": name,
        "label": label,
        "params": list(params),
        "runtimeConfig": {"cpu": 256, "memory": 512, "computeTypes": ["standard", "lambda"]},
    }


TARGET_TYPES: list[dict[str, Any]] = [
    _type(
        DATASET_TARGET,
        DATASET_TARGET,
        _text("UPLOAD_BUCKET", "Where files are put before they are imported", None),
        _text("TARGET_FOLDER", "Folder of the dataset that gets the files", ""),
    ),
    _type(
        ASSET_TARGET,
        ASSET_TARGET,
        _text("ASSET_TYPE", "What kind of asset it is, such as PNG or ome-zarr", None),
        _text("ASSET_NAME", "The asset's name; without one, its type", ""),
        _text("ASSET_PROPERTIES_FILE", "A JSON file of the results with its properties", ""),
    ),
    _type(
        LAYER_TARGET,
        "Persistent Layer",
        _text(LAYER_NAME, "An empty layer of the compute node, which gets the files", None),
        _text("layerType", "What the layer is for", "data"),
    ),
]
"""The registry; what has no default is required there (2.5), which the web application sees to."""

_PLACES = {kind["targetType"]: kind["runtimeConfig"]["computeTypes"] for kind in TARGET_TYPES}


def places(target_type: str) -> list[str]:
    """The compute types of a target type; none when there is no such type."""
    types: list[str] = _PLACES.get(target_type, [])
    return types
