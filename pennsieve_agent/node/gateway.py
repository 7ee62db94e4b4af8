"""The Lambda function that users of a node call (protocol: ``domain/node_protocol``).

========================================= =======================================================
``GET /health``                           ``{status, issues, resources, version, protocol, mode}``
``GET /workflows``                        what the caller may use: versions, grants, identity
``GET /workflows/ID/versions/V``          the version's document (:mod:`.records.version_document`)
``POST /runs``                            start a run (:mod:`.records.start_document`); 202
``POST /checks``                          what hinders one, ``{problems}``; nothing is started
``GET /runs``                             newest first (:mod:`.records.run_document`)
``GET /runs/ID``                          everything of a run
``GET /runs/ID/files``, ``/outputs``      its input, and what it delivered
``GET /runs/ID/logs``, ``/archive``       a page of its log; a link to the whole of it
``POST /runs/ID/cancel``                  end it; 202
``POST /batches``                         start a batch of runs
                                          (:mod:`.batches.batch_document`); 202
``GET /batches``                          newest first (:mod:`.batches.batch_summary`)
``GET /batches/ID``, ``/batches/ID/rows`` everything of a batch; a page of its rows
``GET /batches/ID/start``                 what it was started with; a page of its runs
``POST /batches/ID/cancel``               end it; 202
``POST /batches/ID/retry``                attempt some of its rows once more; 202
``POST /batches/ID/retry-from``           the same, taking over the steps before one; 202
``GET /mail``, ``POST /mail``             whether an address gets mails; ask it to confirm
``GET``, ``PATCH``, ``DELETE /secrets``   the caller's own secrets; values are never told
========================================= =======================================================
"""

from __future__ import annotations

from pennsieve_agent.node.api import routes_batches, routes_mail, routes_node, routes_runs
from pennsieve_agent.node.api.request_handler import RequestHandler
from pennsieve_agent.node.execution_environment import make_clients

request_handler = RequestHandler(
    (*routes_node.ROUTES, *routes_runs.ROUTES, *routes_batches.ROUTES, *routes_mail.ROUTES),
    is_owners=False,
)
handler = request_handler.handler
make_clients("dynamodb", "lambda")
