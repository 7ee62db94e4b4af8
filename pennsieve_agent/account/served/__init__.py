"""Nodes that Pennsieve itself runs in the user's account, as hosted Pennsieve offers them today.

Pennsieve serves the documents of one role, with administrator permissions, and builds with it
whatever it needs (``contracts/resources.md`` 1.8 to 1.10, 2). Nothing is ever applied unseen:

    hardening         pure: the served documents with Deny statements of ours
    role              the role in AWS: create it, change it, delete it
    observe_served    how things are
    steps             the steps of a registration, as data
    plan_served       pure: from how things are to the steps; served_plan is the plan as data
    execute_served    carry out the plan; node_record is the part about the node's record
    update_role       what is served today against what the role says

What it shares with nodes of one's own (the steps about an AWS account's record, the runner of
steps) is in :mod:`pennsieve_agent.account.world`.

It may touch the one role that the account is registered with, and nothing else in AWS.
"""
