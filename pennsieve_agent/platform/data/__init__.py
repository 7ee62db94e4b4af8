"""Datasets, packages, uploads, downloads and viewer assets (``contracts/core.md`` 3 and 4)."""
