"""The node manager: Lambda functions and Batch jobs in the user's AWS account that execute runs.

Lambda functions from one zip, and jobs on AWS Batch. Nothing has an address: AWS decides who may
call a function.

    api            who calls, and the routes of an own node's functions
    records        what is written down of runs, and the documents of the API
    runs           runs, from the request to the receipt
    batches        many runs that are asked for at once, and begin a few at a time
    jobs           jobs on AWS Batch
    mail           mails about the ends of runs
    identity       as whom a run acts on Pennsieve
    transfer_job   the jobs that stage the input and upload the results

* :mod:`.gateway` and :mod:`.admin` are an own node's two functions, for its users and its owner.
  What may run, on what, for whom, is in :mod:`.identity.workflow_registry`; a run names it and
  brings nothing of its own (:mod:`.records.start_document`, :mod:`.runs.own_run`). It acts on
  Pennsieve as its workflow, with the keys that the owner put here.
* :mod:`.hosted` is the one function of a node that Pennsieve runs: runs are read from Pennsieve
  (:mod:`.runs.pennsieve_run`) and reported to it (:mod:`.runs.status_reports`).
* :mod:`.reconciler` moves runs forward. It is woken by Batch's events, by the gateway and every
  five minutes while a run is active; whichever comes, lost, late or twice, it compares what is
  written down with what AWS shows, and does what follows.
* :mod:`.relay` does for transfers what they have no permissions for: they have no token, so it
  asks the platform for them (:mod:`.identity.transfer_requests`).
* :mod:`.aws_calls` makes the calls that the boto3 of AWS's runtime may be too old for.

This package imports the standard library, boto3, and pure modules of :mod:`~pennsieve_agent.domain`
and :mod:`~pennsieve_agent.engine`; nothing that is not in its zip. In AWS it may touch what carries
the node's name (:mod:`.role_permissions`), on Pennsieve what the workflow of a run may, or on a
node that Pennsieve runs the person who started it.
"""
