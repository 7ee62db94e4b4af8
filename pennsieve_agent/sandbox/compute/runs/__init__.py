"""Runs of workflows (``contracts/workflows.md`` 3 and 4).

A run is asked for (:mod:`.start_request`), checked (:mod:`.run_checks`), kept (:mod:`.runs`) and
handed to its node (:mod:`.handover`), whose jobs the :mod:`.job_machine` runs. Its state changes
only through :mod:`.run_states`, conditionally on the state it had, so that of two changes that meet
exactly one happens.
"""
