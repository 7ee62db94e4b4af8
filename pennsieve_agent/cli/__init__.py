"""The commands. A command parses what was typed, composes the parts, and calls them.

``app`` names the commands and imports a command's module only when it is typed, which keeps
``--help`` quick. Every command gets a :class:`~pennsieve_agent.cli.context.Context`, which hands
out settings, the platform, AWS, the streams and the clock, each made on first use. Decisions live
below, in ``services``, ``account`` and ``engine``; what is printed is made by ``console``. Errors
are raised, and :mod:`~pennsieve_agent.cli.boundary` alone turns them into text and exit codes.
"""
