"""The function that a node's owner calls: all that ``gateway`` answers, for all runs, and more.

========================================= =======================================================
``PUT /workflows/ID/versions/V``          register a version, which then never changes
                                          (:mod:`.records.version_document`)
``DELETE /workflows/ID[/versions/V]``     take it off the node
``PUT``, ``DELETE /workflows/ID/identity`` its keys on Pennsieve
                                          (:mod:`.identity.workflow_credentials`); ``GET``
                                          tells whose they are
``PUT``, ``DELETE``, ``GET /grants``      which workflow may read or write which dataset
``PUT``, ``DELETE``, ``GET /shares``      which identity of AWS may use which workflows
``POST /archives``                        a link to upload an archive of code by
``POST``, ``GET /builds[/B[/log]]``       build an image of an archive; builds, and their logs;
                                          ``POST /builds/B/stop`` ends one
                                          (:mod:`.api.routes_builds`)
``GET /images/I/findings``                what the scan of an image found
                                          (:mod:`.api.routes_images`)
========================================= =======================================================
"""

from __future__ import annotations

from pennsieve_agent.node.api import (
    routes_admin,
    routes_batches,
    routes_builds,
    routes_images,
    routes_mail,
    routes_node,
    routes_runs,
)
from pennsieve_agent.node.api.request_handler import RequestHandler
from pennsieve_agent.node.execution_environment import make_clients

request_handler = RequestHandler(
    (
        *routes_admin.ROUTES,
        *routes_builds.ROUTES,
        *routes_images.ROUTES,
        *routes_node.ROUTES,
        *routes_runs.ROUTES,
        *routes_batches.ROUTES,
        *routes_mail.ROUTES,
    ),
    is_owners=True,
)
handler = request_handler.handler
make_clients("dynamodb", "lambda", "logs", "s3", "ssm")
