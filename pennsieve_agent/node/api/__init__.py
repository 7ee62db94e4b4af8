"""What a node's functions answer: who calls, and the routes.

:mod:`.request_handler` checks the caller (:mod:`.proof`, :mod:`.tickets`), logs the call and finds
its route: :mod:`.routes_node` and :mod:`.routes_runs` for those who use the node,
:mod:`.routes_admin` for its owner.
"""
