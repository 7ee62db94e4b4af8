"""Which workflow may use which dataset.

:mod:`.grant_dataset` grants, with a workflow's own identity on Pennsieve
(:mod:`.workflow_identities`); its renewal and removal are here, too.
"""
