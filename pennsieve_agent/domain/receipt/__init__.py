"""The receipt of a run or a batch: one document that says what exactly was done. Pure.

Belongs here: the form of ``receipt.json``, which ``receipt.schema.json`` beside this file
describes; how it is made of what nodes and Pennsieve tell; its checksums; the RO-Crate that is
written from it; and how two of them are compared. The page for people is made from the document
alone, so all that it shows is in it.

A receipt is a plain JSON document (:data:`~.form.Receipt`), as it outlives the program that wrote
it: what a later version adds is left alone, and what an older one lacks is null.
"""
