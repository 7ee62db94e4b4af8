"""Removing a compute node, in the order that leaves nothing unreachable, and checking it.

:mod:`.observe_removal` reads both sides, :mod:`.plan_removal` makes the pure plan,
:mod:`.execute_removal` carries it out (``contracts/resources.md`` section 6, trap 43), with
:mod:`.delete_node_stack` for the stack, and
:mod:`.leftovers` looks afterwards for what is still there: by the stack, by names, and by tag.
"""
