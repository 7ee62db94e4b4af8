"""The commands. A command parses what was typed, composes the parts, and calls them.

Belongs here: what is typed, and how the parts are put together. Decisions live below, in
``services``, ``account`` and ``engine``; what is printed is made by ``console``.

From the command line to a command: :mod:`~pennsieve_agent.cli.boundary` asks
:mod:`~pennsieve_agent.cli.resolve` what was typed, which looks into the table in
:mod:`~pennsieve_agent.cli.tree`. Help pages and wrong words are answered from the table; else the
one module that has the command is imported, and :mod:`~pennsieve_agent.cli.command` runs it. Errors
are raised, and the boundary alone turns them into text and exit codes.

A group of many commands has a room, with a module for each command; here are those of one module::

    tree       the table of commands: words, module, one line of help; imports no command
    dataset    pennsieve dataset
    workflow   pennsieve workflow
    run        pennsieve run
    sandbox    pennsieve sandbox
    compute    pennsieve compute

How a command is written
------------------------

1. A row in ``cli/tree/<group>.py``: the words, the module, one line of help, the section. Words
   that were typed before get an ``Old`` row, which says what is typed now.
2. The function, in that module, in the form of ``run cancel`` in ``cli/run/cancel.py``::

    @command("run cancel", answers="run_status", examples=["pennsieve run cancel spike-rate-1c20"])
    def cancel(context: Context, run: options.Run, wait: Wait = False) -> Shown:
        # The docstring's first sentence is that of the table; more paragraphs say when to use it.
        ...
        return Shown(document=documents.run_status(...), text=f"Run 'x' is …", notes=[...])

   * ``--profile`` and ``--json`` are added. The :class:`~pennsieve_agent.cli.context.Context` hands
     out settings, Pennsieve, AWS, the streams and the clock, each made on first use. What only
     running needs is imported inside the function.
   * It returns what it shows, and prints nothing: ``document`` with --json, ``text`` without. Text
     is a string, a :class:`~pennsieve_agent.console.shown.Table`, ``Details`` or ``Prose``, a
     function of the streams, or a list of these. ``notes`` say what to type next. ``exit_code`` is
     for an end that is not 0 and no error. The plan of a dry run is a result: return it.
   * A command that shows one thing after another (a log that it follows, a server that it starts)
     yields them: ``-> Iterator[Shown]``. With --json only those with a ``document`` are shown; in a
     stream of documents each has ``line=True``.
   * What goes wrong is raised, from ``errors.py``. Questions, progress and plans that wait for a
     yes go to standard error by ``context.streams``.
   * Options that others have, too, come from ``cli/options.py``, with their letter. Possible
     values are an enum: the help page lists them.
3. ``answers`` names the documents, which ``console/schema`` describes field by field. They are made
   in ``console/*documents.py``.
4. A line in ``tests/recording/commands.py`` that types it: what it asks of Pennsieve and what it
   answers with is held to the tables.
"""
