"""The node on this machine: the steps of one run, one after the other, without any AWS.

What a step sees is decided by the node's own code (:mod:`pennsieve_agent.node.runs.own_run`,
:mod:`pennsieve_agent.node.jobs.job_definitions`, :mod:`pennsieve_agent.node.jobs.access_points`),
and it runs through the same :mod:`pennsieve_agent.engine` as on the emulated AWS Batch. What is
missing here is AWS itself: the variables that AWS Batch sets, secrets of the node but those that
are typed, and a limit of what ``/tmp`` holds.

* :mod:`.node_here` is a node without AWS, and the record of a run on it;
* :mod:`.run_here` stages, runs, merges and gathers;
* :mod:`.receipt_here` is the receipt of a run;
* :mod:`.prepared_code` tells whether images and copies of code are still in use.
"""
