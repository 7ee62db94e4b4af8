"""The function that a node's owner calls: all that ``gateway`` answers, for all runs, and more.

========================================= =======================================================
``PUT /workflows/ID/versions/V``          register a version (:mod:`.version_document`), which
                                          then never changes
``DELETE /workflows/ID[/versions/V]``     take it off the node
``PUT``, ``DELETE /workflows/ID/identity`` its keys on Pennsieve
                                          (:mod:`.workflow_credentials`); ``GET`` tells whose they
                                          are
``PUT``, ``DELETE``, ``GET /grants``      which workflow may read or write which dataset
``PUT``, ``DELETE``, ``GET /shares``      which identity of AWS may use which workflows
``POST /archives``                        a link to upload an archive of code by
========================================= =======================================================
"""

from __future__ import annotations

from pennsieve_agent.node import routes_admin, routes_node, routes_runs
from pennsieve_agent.node.execution_environment import make_clients
from pennsieve_agent.node.request_handler import RequestHandler

request_handler = RequestHandler(
    (*routes_admin.ROUTES, *routes_node.ROUTES, *routes_runs.ROUTES), is_owners=True
)
handler = request_handler.handler
make_clients("dynamodb", "lambda", "logs", "s3", "ssm")
