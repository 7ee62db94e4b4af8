"""The node manager: what runs in the user's own AWS account, and takes runs to their end.

Lambda functions from one zip, and jobs on AWS Batch. Nothing listens: whoever calls a function has
the right to in AWS.

* :mod:`.gateway` and :mod:`.admin` are an own node's two functions, for its users and its owner.
  They share :mod:`.front`, which checks who calls (:mod:`.proof`, :mod:`.tickets`) and logs each
  call. What may run, on what, for whom, is in :mod:`.registry`; a run names it and brings nothing
  of its own (:mod:`.start_document`, :mod:`.own_run`).
* :mod:`.hosted` is the one function of a node that Pennsieve runs: runs are read from Pennsieve
  (:mod:`.prepare`) and reported to it (:mod:`.outbox`).
* :mod:`.reconciler` moves runs forward. It is woken by Batch's events, by the gateway and every
  five minutes while a run is active; whichever comes, lost, late or twice, it compares what is
  written down with what AWS shows, and does what follows.
* the mover (:mod:`.mover`) runs as a job before and after the processors. It has no token: what it
  needs of the platform the reconciler asks for it.

This package imports the standard library, boto3, and pure modules of :mod:`~pennsieve_agent.domain`
and :mod:`~pennsieve_agent.engine`; nothing that is not in its zip. It may touch what carries the
node's name in its own account, and the platform for the one run whose token it was given.
"""
