"""A dataset's files: paths, :mod:`.upload` and :mod:`.download`.

How bytes are moved is in :mod:`pennsieve_agent.transfer`.
"""
