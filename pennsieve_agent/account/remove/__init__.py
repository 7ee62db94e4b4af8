"""Removing a compute node, in the order that leaves nothing unreachable, and checking it.

:mod:`.plan_removal` reads both sides and makes the pure plan, :mod:`.execute_removal` carries it
out (``contracts/resources.md`` section 6, trap 43), :mod:`.leftovers` looks afterwards for what is
still there: by the stack, by names, and by tag.
"""
