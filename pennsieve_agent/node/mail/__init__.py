"""Mails about the ends of runs and batches, by the node's topic of Amazon SNS.

Who starts a run names an address. It is subscribed once, with a filter: a message has the address
that it is for as an attribute, so that nobody gets a mail about the run of somebody else. AWS asks
the address whether it wants mails, and sends none before it has confirmed that.
"""
