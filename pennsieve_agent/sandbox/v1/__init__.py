"""The v1 surface: people, workspaces, datasets, packages, sharing and integrations.

``contracts/core.md`` sections 1, 3 and 6. Keys that have no value are left out, dates are ISO 8601,
and refusals come in the shapes a and b of section 0.3.
"""
