"""What a change of an account works with, besides its plan.

:mod:`.clients` bundles AWS, Pennsieve, the journal and the listener; :mod:`.pennsieve_protocol` is
all that this package needs of the platform, :mod:`.pennsieve_account` asks and tells it,
:mod:`.platform_trust` reads whose AWS account Pennsieve works in; :mod:`.steps` is what all steps
of plans have in common, :mod:`.account_steps` are those about Pennsieve's record of an AWS account,
:mod:`.step_runner` carries steps out with the journal;
:mod:`.registration_journal` keeps on disk what was decided and done; :mod:`.node_code` is the zip
of the node's code; :mod:`.own_node_state`, :mod:`.find_nodes` and :mod:`.node_shares` read and
change what is known of nodes that are there; :mod:`.permitted_reads` reads what it may and says
what it may not; :mod:`.check_result` is what the doctor answers with.
"""
