"""Runs on a node: from the request to the receipt.

:mod:`.run_reconciler` looks at one run, :mod:`.transitions` decides what follows, and
:mod:`.run_cleanup` leaves the log and the receipt and deletes the rest. :mod:`.own_run` and
:mod:`.pennsieve_run` make a run's record, for the two kinds of node.
"""
