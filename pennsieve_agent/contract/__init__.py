"""The platform's contract as checks: requests whose answers are known, and what covers each route.

A :class:`~pennsieve_agent.contract.check.Check` is data: who asks, what is asked, and what the
documented answer is: its status, its headers, and its body in the small language of
:mod:`~pennsieve_agent.contract.shapes`. It is named after the contract's file and section. The
checks lie in :mod:`~pennsieve_agent.contract.suite`, in the order in which they are asked: a check
may keep a value of its answer, such as the id of what it made, for those after it.

:mod:`~pennsieve_agent.contract.runner` asks them. Against a sandbox all are asked, on objects that
the suite makes and removes: a dataset, and two integrations whose own keys are the viewer and the
stranger. Against a hosted workspace only those that read are asked, with the caller's own key.

The rooms:

    suite      the checks, by subject
    requests   what a request may carry, by subject

:mod:`~pennsieve_agent.contract.routes` lists every route of the contract.
"""
