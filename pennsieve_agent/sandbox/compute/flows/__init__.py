"""Workflow definitions, their graphs, publishing, and layers (``contracts/workflows.md`` 2)."""
