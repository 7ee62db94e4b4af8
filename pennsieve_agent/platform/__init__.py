"""Talking to Pennsieve over HTTP.

One call passes through five places, from the words of a command down to the socket::

    datasets, integrations, compute, applications, workflows, runs
                    one module per resource: domain values in, domain values out
    surface         an authorised call to one of the two hosts; JSON comes back
    auth            the session: signs in with the key, again before the token ends
    transport       time limits and retries, nothing known of Pennsieve
    network         connections of the standard library's HTTP, which stay open
    decode, failures
                    what came back: fields that may be missing, errors in seven shapes

The platform is two services with equal paths on two hosts (``contracts/core.md`` 0), so a module
always says which surface it means. A bearer token is sent to these two hosts and to no other, and
redirects are not followed. Only calls that may safely happen twice are sent twice; creations that
lost their answer look whether the thing exists first.
"""

import sys

# When click is installed, ``import httpx`` imports httpx's own command line too, and with it rich
# and pygments: 150 ms that no command of ours needs. A None makes that import fail, which httpx
# expects. It stands here because a package is imported before any module in it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
