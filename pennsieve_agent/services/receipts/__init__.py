"""Receipts: made of what nodes and Pennsieve tell, written to a folder, and checked.

:mod:`.collect` makes the receipt of a run, :mod:`.collect_batch` that of a batch,
:mod:`.receipt_folder` writes it with its RO-Crate and its page, for which :mod:`.result_pictures`
fetches pictures, and :mod:`.check_receipt` tells whether one was changed since. :mod:`.which_run`
finds the run that wrote a file. The form itself is in :mod:`pennsieve_agent.domain.receipt`.
"""
