"""The node manager: what runs in the user's own AWS account, and takes runs to their end.

Two Lambda functions from one zip, and jobs on AWS Batch. Nothing listens: the platform assumes its
role and calls the gateway by ``lambda:InvokeFunction``.

* :mod:`.gateway` answers the platform within three seconds: it starts, cancels and shows runs,
  pages through their logs, tells how the node is, keeps secrets and the list of allowed code.
  What takes longer it writes down, and wakes the reconciler.
* :mod:`.reconciler` moves runs forward. It is woken by Batch's events, by the gateway and every
  five minutes while a run is active; whichever comes, lost, late or twice, it compares what is
  written down with what AWS shows, and does what follows.
* the mover (:mod:`.mover`) runs as a job before and after the processors. It has no token: what it
  needs of the platform the reconciler asks for it.

This package imports the standard library, boto3, and pure modules of :mod:`~pennsieve_agent.domain`
and :mod:`~pennsieve_agent.engine`; nothing that is not in its zip. It may touch what carries the
node's name in its own account, and the platform for the one run whose token it was given.
"""
