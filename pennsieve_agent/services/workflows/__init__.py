"""Code: registered, built, and put on own nodes.

:mod:`.register_workflow` registers it, :mod:`.build_choice` decides who builds it,
:mod:`.workflow_images` and :mod:`.node_versions` put it on own nodes.
"""
