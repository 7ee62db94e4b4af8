"""``pennsieve run``: start analysis and follow it. Each command is in the module of its name.

Belongs here: what is typed, and which services it calls. Shared: ``places`` (where runs are: own
nodes and Pennsieve), ``following`` (a run to its end), ``limits`` (what a run may take) and
``views`` (how a run is shown). ``run list`` is in ``listing``.
"""
