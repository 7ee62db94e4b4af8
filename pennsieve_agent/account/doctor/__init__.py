"""Whether a node is healthy: ``compute doctor``. Changes nothing.

:mod:`.inspect_node` and :mod:`.inspect_parts` read both sides; :mod:`.node_health`,
:mod:`.parts_health`, :mod:`.role_drift` and :mod:`.served_role_check` are the pure decisions about
what was seen.
"""
