"""Batches: many runs of one workflow on one dataset, one for each subject.

:mod:`.subjects` and :mod:`.csv_table` find the subjects, :mod:`.selection` brings both together,
and :mod:`.prepare_batch` checks all runs before anything is sent. An own node takes a batch as one
document (:mod:`.node_batches`); to Pennsieve's nodes this program sends run by run
(:mod:`.pennsieve_batches`), and a journal on disk knows which were sent.
"""
