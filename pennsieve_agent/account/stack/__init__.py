"""The stack of an own node: one CloudFormation template, made by a pure function.

:func:`~pennsieve_agent.account.stack.template.node_template` turns a
:class:`~pennsieve_agent.account.spec.node_spec.NodeSpec` into the template; :mod:`.policies` makes
the documents of its roles from the names in it and from what the node's code does
(:mod:`pennsieve_agent.node.role_permissions`). Each part has a module: :mod:`.network`,
:mod:`.storage`, :mod:`.queues`, :mod:`.functions`, :mod:`.roles`.

Nothing in a basic node costs money while nothing runs but what is stored, by cents. The default VPC
of an account is never looked at, and nothing that was there before is changed. What AWS names
itself (networks, file systems, keys) is told apart by our tag.
"""
