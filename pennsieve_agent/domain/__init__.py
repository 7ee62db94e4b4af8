"""Types of the domain: workspaces, datasets, compute nodes, workflows, grants, runs and plans.

Everything here is plain data and pure decisions over it, with the standard library alone. A
domain value knows nothing of HTTP, boto3, Docker or the terminal; adapters translate into it and
out of it, and every other part of the program speaks it. Names are the platform's own words
(``contracts/workflows.md``) where it has one. A value that a server may extend has an
``UNKNOWN`` member, because a word added on the server must never break a client.
"""
