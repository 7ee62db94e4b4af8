"""Checking code before it is built: what would fail, get lost, or surprise.

A :class:`~pennsieve_agent.source.snapshot.Snapshot` goes in, findings come out, all at once;
nothing is built, run or written. ``rules`` is the table of all rules, ``run_rules`` applies them,
and the modules called ``*_rules`` decide, each in a function that yields what breaks a rule. What a
module cannot decide from the text is not a finding: a rule that is sometimes wrong is worse than
one that is sometimes silent, as errors stop ``workflow add``.

Python is read by its syntax; R, shell scripts and others by a listed set of expressions. Code is
what the image's program reaches from its command, as far as that is known, so that a script for
developers beside it does not count.
"""
