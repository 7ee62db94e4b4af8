"""Compiling a run into a plan, and running one step of it on this machine.

:mod:`~pennsieve_agent.engine.compile` turns a workflow and a request into a
:class:`~pennsieve_agent.domain.plans.RunPlan`; it is pure, and the same plan is printed by
``run start --dry-run`` and executed by a node, in AWS or in the sandbox. A
:class:`~pennsieve_agent.engine.backend.Backend` runs a processor:

* ``docker`` runs containers through the Docker engine's API;
* ``process`` runs the Dockerfile's command as a child process, for machines without an engine.
  Nothing is isolated then, and it says so.

:func:`~pennsieve_agent.engine.choose_backend.choose_backend` takes the first if an engine answers,
else the second. Neither gives a program any token, secret or variable of this process.

What a program left in its output is checked before anybody else reads it: a link out of the folder
fails the job. Every failure, also one of a disk or of an engine, ends as an
:class:`~pennsieve_agent.engine.backend.Outcome` with a reason in words.

It also builds images of workflows on this machine and pushes them to a node's registry
(:mod:`~pennsieve_agent.engine.image_builder`, :mod:`~pennsieve_agent.engine.image_registry`).
Ordering jobs, and moving files in and out, is the node's business (:mod:`pennsieve_agent.node`).
This package is the only one that imports docker; it talks neither to Pennsieve nor to AWS.
"""
