"""What the commands do, without a terminal: look up, register, grant, start, follow.

A service composes adapters (the platform, git, the engine's compiler) into one thing a person
wants, and takes the clock and a place for notes as arguments. It returns values and raises errors;
it prints nothing.

* Code: :mod:`.register_workflow` registers it, :mod:`.build_choice` decides who builds it,
  :mod:`.workflow_images` and :mod:`.node_versions` put it on own nodes.
* Permissions: :mod:`.grant_dataset` with :mod:`.workflow_identities`, a workflow's own users on
  Pennsieve.
* Runs: :mod:`.prepare_run` and :mod:`.prepare_own_run` prepare one, :mod:`.start_run` starts it
  once, :mod:`.all_runs` finds it on own nodes (:mod:`.node_runs`) and on those that Pennsieve runs
  (:mod:`.pennsieve_runs`), :mod:`.follow_run` follows it.
* Files: :mod:`.upload`, :mod:`.download`, and the ``transfer`` modules that they share.

Changing the AWS account is a larger matter and has a package of its own,
:mod:`pennsieve_agent.account`.
"""
