"""Workflow code: git repositories and their manifests.

The platform tells applications apart by the exact text of their address (``contracts/workflows.md``
section 8, trap 4), so ``urls`` gives every repository one spelling. ``repository`` looks at one
commit and exports it. Nothing of a repository is ever executed here: there is no working tree, so
no hook, filter or submodule of it comes into play; files are read as objects.
``manifest`` reads ``app.yml`` or ``application.json`` and is strict, because the platform silently
drops a manifest it cannot read.

Everything that can be wrong with a repository is a ``SourceError`` of one sentence. What git itself
prints never gets out: it may quote an address with a token in it.
"""
