"""A Pennsieve platform and an AWS account in one local process.

For learning, for trying workflows before they cost money, and for tests. It speaks the platform's
own contracts: the v1 and v2 routes on two ports, sign-in with signed tokens that expire, and on a
third port an emulated AWS account, so that our boto3 code talks real AWS protocols. Datasets are
folders of plain files below ``<data>/datasets``; everything else is in one SQLite file, so that
state survives a restart. All ports listen on loopback only.

Rooms:

    host       the process: ports, start and stop, state, faults on purpose, people added by hand
    http       requests, routes and answers; sign-in, tokens, and who may ask
    data       people, datasets, packages, uploads and GitHub, as the v1 and v2 routes show them
    compute    accounts, nodes, applications, workflows and runs of the v2 host
    aws        the emulated AWS account

A request comes in at :mod:`.host.ports`, is given to its surface (:mod:`.host.surfaces`), where
:mod:`.http.authorizers` decides who is asking, and is answered by the function of its route in
:mod:`.data` or :mod:`.compute`; what these change is in the
:class:`~pennsieve_agent.sandbox.host.store.Store`. A run that ``/compute/workflows`` starts is
handed to its node's gateway, a function of the emulated account (:mod:`.aws`), whose jobs the
:mod:`.compute.runs.job_machine` runs.

Bodies, casing, status codes and refusals follow ``contracts/core.md``, ``contracts/resources.md``
and ``contracts/workflows.md``; what the contract leaves open is decided where the code says "ours".
It must never be more polite than the platform: a client that only works here is worth nothing.

There are people with every role, so that permission rules are real: in workspace Sandbox its owner
Ada, the administrator Grace, and Edith and Vera, editor and viewer of each dataset that is there as
a folder; in workspace Engine Room its owner Charles. :mod:`.host.administration` adds others.

It may import the engine, to run what it is asked to run; no client code (``platform``, ``aws``,
``account``) is shared, so that a misreading of the contract shows up as a disagreement.
"""
