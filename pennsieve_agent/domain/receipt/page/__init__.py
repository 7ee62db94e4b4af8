"""The page of a receipt: one HTML file that people look at. Pure.

Belongs here: how a receipt is shown, part by part, in :mod:`~.whole`'s order. The page stands
alone: it has its style and its pictures in it, asks for nothing from anywhere, and has no script.
Its content security policy allows none of these either. Texts come from outside, so elements are
made with :mod:`~.html` alone, which escapes every text that it is handed.
"""
