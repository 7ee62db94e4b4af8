"""Who may do what in the user's AWS account: as data, in sentences, and as the installer's policy.

Where a role's rights are *written* is :mod:`pennsieve_agent.account.stack.policies`, from the table
:mod:`pennsieve_agent.node.role_permissions`. Here they are read: :mod:`.role_documents` takes them
from the very template, :mod:`.policy_sentences` and :mod:`.statement_sentences` say them in plain
words (:mod:`.action_words`). :mod:`.officer_sections` says the rest: what the node's functions
answer and to whom (:mod:`.caller_sentences`), and what keeps runs apart by ids alone
(:mod:`.isolation_sentences`). :mod:`.stack_rights` and :mod:`.resource_handlers` work out what
CloudFormation needs to make the stack, :mod:`.installer` is the least policy of whoever registers,
and :mod:`.installer_sentences` says what that amounts to. :mod:`.data_flows` and
:mod:`.data_at_rest` say what goes where and what is kept, and :mod:`.review` puts all of it into
one folder. All pure. ``compute policy`` prints what is here.
"""
