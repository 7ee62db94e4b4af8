"""What a request may carry, for each route of :mod:`~pennsieve_agent.contract.routes`.

A route that no table names carries nothing: no query and no body. :func:`faults` says what of a
request the tables do not have. A test types every command and asks that (``tests/recording``).
"""

from __future__ import annotations

from pennsieve_agent.contract.requests.core import CORE
from pennsieve_agent.contract.requests.judging import ObservedRequest, faults
from pennsieve_agent.contract.requests.resources import RESOURCES
from pennsieve_agent.contract.requests.sent import Table, joined
from pennsieve_agent.contract.requests.workflows import WORKFLOWS

TABLE: Table = joined(CORE, RESOURCES, WORKFLOWS)

__all__ = ["TABLE", "ObservedRequest", "faults"]
