"""The node manager: Lambda functions and Batch jobs in the user's AWS account that execute runs.

Lambda functions from one zip, and jobs on AWS Batch. Nothing has an address: AWS decides who may
call a function.

* :mod:`.gateway` and :mod:`.admin` are an own node's two functions, for its users and its owner.
  They share :mod:`.request_handler`, which checks who calls (:mod:`.proof`, :mod:`.tickets`) and
  logs each call. What may run, on what, for whom, is in :mod:`.workflow_registry`; a run names it
  and brings nothing of its own (:mod:`.start_document`, :mod:`.own_run`). It acts on
  Pennsieve as its workflow, with the keys that the owner put here (:mod:`.workflow_credentials`,
  :mod:`.workflow_session`).
* :mod:`.hosted` is the one function of a node that Pennsieve runs: runs are read from Pennsieve
  (:mod:`.pennsieve_run`) and reported to it (:mod:`.status_reports`).
* :mod:`.reconciler` moves runs forward. It is woken by Batch's events, by the gateway and every
  five minutes while a run is active; whichever comes, lost, late or twice, it compares what is
  written down with what AWS shows, and does what follows.
  :mod:`.run_reconciler` looks at one run, :mod:`.transitions` decides, :mod:`.job_submission`
  submits jobs to Batch, :mod:`.run_cleanup` leaves the log and the receipt, and deletes the
  rest.
* Transfer jobs (:mod:`.mover`) bring the input in before the processors and take the results out
  after them. They have no token: what they need of the platform the reconciler asks for
  (:mod:`.relay`).

This package imports the standard library, boto3, and pure modules of :mod:`~pennsieve_agent.domain`
and :mod:`~pennsieve_agent.engine`; nothing that is not in its zip. In AWS it may touch what carries
the node's name (:mod:`.role_permissions`), on Pennsieve what the workflow of a run may, or on a
node that Pennsieve runs the person who started it.
"""
