"""A Pennsieve platform and an AWS account in one local process.

For learning, for trying workflows before they cost money, and for tests. It speaks the platform's
own contracts: the v1 and v2 routes on two ports, sign-in with signed tokens that expire, and on a
third port an emulated AWS account, so that our boto3 code talks real AWS protocols. Datasets are
folders of plain files below ``<data>/datasets``; everything else is in one SQLite file, so that
state survives a restart. All ports listen on loopback only.

It is built from small parts that share a :class:`~pennsieve_agent.sandbox.world.World`: routes are
functions from a :class:`~pennsieve_agent.sandbox.http.Request` to a
:class:`~pennsieve_agent.sandbox.http.Response`, grouped by resource as in the contract; state
lives in the :class:`~pennsieve_agent.sandbox.store.Store`. Bodies, casing, status codes and
refusals follow ``contracts/core.md``, ``contracts/resources.md`` and ``contracts/workflows.md``;
what the contract leaves open is decided where the code says "ours". It must never be more polite
than the platform: a client that only works here is worth nothing.

There are people with every role, so that permission rules are real: in workspace Sandbox its owner
Ada, the administrator Grace, and Edith and Vera, editor and viewer of each dataset that is found as
a folder; in workspace Engine Room its owner Charles. :mod:`.administration` adds others.

The emulated AWS account, its objects and temporary keys are moto's; what moto does not do is in
:mod:`.emulation`: signatures and policies that are checked, functions that run the code that was
deployed, the jobs of Batch, a registry of images, stacks. Sign-in is ours, not moto's:
moto signs its tokens with a private key that is published with it, so anybody could make one, and
it gives them a fixed life, while the contract's traps are about tokens that expire. Ours are signed
with a key of each sandbox and have a JWKS at ``/<pool>/.well-known/jwks.json``.

With ``--faults`` things go wrong on purpose (:mod:`.faults`); it is off by default.

The parts, from the outside in: :mod:`.control` starts and stops the :mod:`.process`, which runs the
:mod:`.server`; that opens the :mod:`.listening` ports in front of the :mod:`.surfaces` and of
:mod:`.aws`. :mod:`.v1` and :mod:`.v2` hold the routes, :mod:`.cognito`, :mod:`.identity` and
:mod:`.authorizers` decide who is asking, :mod:`.files` turns folders into datasets and
:mod:`.tree` changes them, :mod:`.upload` takes files in, :mod:`.github` shows local repositories,
and :mod:`.compute` is everything about nodes, workflows and runs.

It may import the engine, to run what it is asked to run; no client code (``platform``, ``aws``,
``account``) is shared, so that a misreading of the contract shows up as a disagreement.
"""
