"""``pennsieve workflow``: analysis code from git. Each command is in the module of its name.

Belongs here: what is typed, and which services it calls. Shared: ``named`` (the workflow that a
command names), ``identity`` (a workflow's own user on Pennsieve) and ``views`` (how a workflow is
shown). ``workflow list`` is in ``listing``, ``restore`` beside ``archive``, ``workflow app`` in
``apps``.
"""
