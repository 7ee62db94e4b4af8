"""``pennsieve compute``: your AWS account as a place where analysis runs.

Belongs here: what is typed, and which parts it calls. Each command is in the module of its name;
``compute list`` is in ``listing``, what undoes a command beside it: ``unshare`` in ``share``,
``resume`` in ``pause``. ``node_choice`` finds the node that a word means, ``node_options`` are the
options of a node's stack, ``views`` shows plans.
"""
