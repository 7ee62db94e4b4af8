"""Runs: prepared, started once, found on all nodes, followed.

:mod:`.prepare_run` checks everything that was typed (:mod:`.run_request`), for an own node
(:mod:`.prepare_own_run`) or one that Pennsieve runs (:mod:`.prepare_pennsieve_run`);
:mod:`.start_run` starts it once, also when an answer is lost. :mod:`.run_backend` is what both
kinds of node have in common, :mod:`.all_runs` the one list over all of them,
:mod:`.follow_run` the log and the states as they come.
"""
