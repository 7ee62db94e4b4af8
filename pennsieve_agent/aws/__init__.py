"""Talking to AWS: verbs in our words over botocore.

Everything the program does in a person's AWS account goes through an
:class:`~pennsieve_agent.aws.session.Aws`: one session, one place where clients are made, one
place (:mod:`pennsieve_agent.aws.failures`) where an AWS error becomes one of ours. The other
modules are verbs over it, one module for each service: ``find_stack``, ``plan_change_set``,
``empty_bucket``. They take and answer the plain values of :mod:`pennsieve_agent.aws.values`; no
type of botocore leaves this package, and botocore itself is loaded only when a client is needed,
so that a command without AWS never pays for it.

Secrets stay with botocore: no key, token or password is read, kept, logged or put into an error.
Whoever waits is given ``sleep`` by its caller.
"""
