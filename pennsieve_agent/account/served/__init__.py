"""Nodes that Pennsieve itself runs in the user's account, as hosted Pennsieve offers them today.

Pennsieve serves the documents of one role, with the rights of an administrator, and builds with it
whatever it wants (``contracts/resources.md`` 1.8 to 1.10, 2). Nothing is ever applied unseen:

    hardening  pure: the served documents with denials of ours; what is kept when others are served
    observe    how things are, and the plan
    role       making the role, changing it, deleting it
    update     what is served today against what the role says

It may touch the one role that the account is registered with, and nothing else in AWS.
"""
