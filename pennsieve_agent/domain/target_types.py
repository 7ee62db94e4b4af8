"""The names of what a workflow's results may be sent to (``contracts/workflows.md`` 2.5)."""

from __future__ import annotations

DATASET_TARGET = "Pennsieve Dataset"
"""Uploads a step's files as packages."""
ASSET_TARGET = "Pennsieve Package Asset"
LAYER_TARGET = "persistent-layer"
TARGETS = (DATASET_TARGET, ASSET_TARGET, LAYER_TARGET)
