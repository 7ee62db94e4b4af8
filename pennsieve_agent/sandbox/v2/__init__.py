"""Routes of the v2 surface that are not about compute: download manifests.

Arrays without elements are written as the Go services do, and a service's own refusals are not
JSON (``contracts/core.md`` 0.2, 0.3 d).
"""
