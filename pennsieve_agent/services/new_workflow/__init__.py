"""A working start for a workflow: the files of a repository, written around the script there is.

:mod:`.plan` decides which files those are and what is in them, from templates and from what is in
the folder already; :mod:`.own_script` reads the user's script for it. :mod:`.begin` writes them and
makes a git repository. No file that is there is ever written over.

The templates are files, in the folders of ``templates``: ``common`` for all, one for each kind of
start, and ``licences``. ``NAME.in`` becomes ``NAME``, ``dot-`` a leading dot, ``@WORD@`` what
:mod:`.plan` puts there. Their program is tested as it is written (``tests/services/new_workflow``).
"""
