"""What scripts may rely on: each JSON document that a command answers with, field by field.

Belongs here: descriptions, as plain data, and :func:`~.kinds.faults`, which holds a document to
them. The documents themselves are made in ``console/*documents.py``; a command names what it
answers with in ``@command(answers=...)``; the tests hold what each command prints to it, and the
reference in ``JSON.md`` beside this file is written from it.

Spelling, in all of them:

* ``id``, ``name``, ``status``, ``created_at``: of the thing that the document is.
* Another thing is ``<thing>_id`` for its id and ``<thing>`` for its name: ``run_id``,
  ``workflow_id`` and ``workflow``. People are ``{id, name}``, with ``email`` where it is known.
* Words such as a status are in lower case, with ``_`` or ``-``. Times are ISO 8601 in UTC and end
  with Z, sizes are bytes, money is USD, times that something took are seconds.
* Unknown is null. What was not asked for is not there: a run in a list has no ``steps``.
"""

from __future__ import annotations

from pennsieve_agent.console.schema import (
    attempts,
    batches,
    code,
    compute,
    costs,
    datasets,
    local_runs,
    machine,
    node_settings,
    receipts,
    runs,
    sandboxes,
    workflows,
    workspaces,
)
from pennsieve_agent.console.schema.kinds import Document, by_name

DOCUMENTS: dict[str, Document] = by_name(
    document
    for module in (
        machine,
        workspaces,
        datasets,
        costs,
        workflows,
        code,
        runs,
        attempts,
        batches,
        receipts,
        local_runs,
        compute,
        node_settings,
        sandboxes,
    )
    for document in module.DOCUMENTS
)
"""By name. A document has one name in the whole program."""
