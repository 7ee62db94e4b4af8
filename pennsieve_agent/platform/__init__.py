"""Talking to Pennsieve over HTTP.

Rooms: each resource has a module, with domain values in and domain values out.

    people      the signed-in person, members, teams, integrations
    data        datasets, packages, uploads, downloads
    compute     AWS accounts, nodes, sharing, secrets, layers
    workflows   applications, workflow definitions, runs, GitHub
    http        below them: the session, time limits, retries, connections, errors

:mod:`.client` is all of it as one object. One call, such as that of ``dataset list``, goes from
:mod:`.data.datasets` to :mod:`.http.surface`, which has it signed by :mod:`.http.auth` and sent by
:mod:`.http.transport`.

The platform is two services with equal paths on two hosts (``contracts/core.md`` 0), so a module
always says which surface it means. A bearer token is sent to these two hosts and to no other, and
redirects are not followed. Only calls that may safely happen twice are sent twice; creations that
lost their answer look whether the thing exists first.
"""
