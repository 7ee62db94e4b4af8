"""Registering an own node: read, plan, carry out.

:mod:`.observe` reads both sides, :mod:`.node_identity` says which node is meant; :mod:`.preflight`
with :mod:`.read_limits` and :mod:`.preflight_problems` finds what would stop a registration
half-way (permissions, quotas, names, networks); :mod:`.plan` makes the pure plan of :mod:`.steps`
(:mod:`.account_plan` is the plan with what it shows: costs, roles, resources); :mod:`.execute`
carries it out step by step; :mod:`.deploy_stack` makes the CloudFormation stack and follows its
events, :mod:`.stack_failure` keeps what AWS said when it failed.
"""
