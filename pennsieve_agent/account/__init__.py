"""Changing the user's AWS account: observe, plan, show, apply.

Registering a compute node changes an AWS account and the platform, and can be interrupted anywhere
between. So it is done in four steps that never mix::

    observe    read both, and the journal of an earlier attempt; change nothing
    plan       pure: desired minus observed, as typed steps, each with its sentence
    show       the command's business: a plan is plain data
    apply      do exactly that, step by step, asking before each whether it is done already

Rooms, from the ground up; each imports only those above it in this list:

    spec       what an own node should be: its names, settings and their JSON
    stack      the CloudFormation template of a node, its costs, its resources in plain words
    rights     who may do what: the rights that policies give, in sentences and for the installer
    world      what a change works with: clients, the journal, the node's code, what is remembered
    served     nodes that Pennsieve itself runs in the user's account
    register   observe, plan, execute, deploy; what would stop a registration is looked for first
    remove     take a node away in the order that strands nothing, and prove that it is gone
    doctor     whether a node is well

``compute register`` walks through them so: the options become a ``NodeSpec`` (spec), both sides
are read (register/observe, register/preflight), the plan is made and shown (register/plan,
rights/policy_sentences), and register/execute carries it out with world/registration_journal, so
that a registration that was killed goes on with the same names and makes nothing twice.

The platform is met only through
:class:`~pennsieve_agent.account.world.pennsieve_protocol.NodeRegistry`, AWS only through the
adapters in :mod:`pennsieve_agent.aws`.
"""
