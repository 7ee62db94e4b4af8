"""``pennsieve dataset``: datasets, and who and which workflow may use them.

Belongs here: what is typed, and which services it calls. Each command is in the module of its name;
``dataset list`` is in ``listing``, what undoes a command beside it: ``unshare`` in ``share``,
``revoke`` in ``grant``.
"""
