"""Changing the user's AWS account: observe, plan, show, apply.

Registering a compute node changes an AWS account and the platform, and can be interrupted anywhere
between. So it is done in four steps that never mix::

    observe    read both, and the journal of an earlier attempt; change nothing
    plan       pure: desired minus observed, as typed steps, each with its sentence
    show       somebody else's business: a plan is plain data
    apply      do exactly that, step by step, asking before each whether it is done already

For a node of the user's own, what is made in AWS is one CloudFormation stack
(:mod:`~pennsieve_agent.account.stack`), whose policies are pure functions of the names in it and of
what the node's code does (:mod:`~pennsieve_agent.account.names`). All names derive from eight
random hexadecimal digits, made once and kept in the :mod:`~pennsieve_agent.account.journal`, so
that a registration that was killed goes on with the same names and makes nothing twice. Removal has
the same form (:mod:`~pennsieve_agent.account.removal`), in the order that strands nothing
(``contracts/resources.md`` section 6, trap 43).

What the policies mean is told in sentences made from the very documents
(:mod:`~pennsieve_agent.account.words`), and an evaluator of ours
(:mod:`~pennsieve_agent.domain.iam`) keeps those sentences, the rights of whoever registers
(:mod:`~pennsieve_agent.account.installer`) and the checks of a node that is there
(:mod:`~pennsieve_agent.account.doctor`) honest. What would stop a registration half-way is looked
for before anything is made (:mod:`~pennsieve_agent.account.preflight`): rights, quotas, names,
networks.

For a node that Pennsieve runs, it is one role (:mod:`~pennsieve_agent.account.served`); Pennsieve
makes the rest. Whom an own node is shared with is in :mod:`~pennsieve_agent.account.shares`, and
own nodes that this machine does not remember are found by :mod:`~pennsieve_agent.account.find`.

The platform is met only through :class:`~pennsieve_agent.account.registry.NodeRegistry`.
"""
