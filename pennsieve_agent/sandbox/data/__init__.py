"""What the platform keeps for people: the routes of v1 and v2 that are not about compute.

    people     the signed-in person, workspaces, members, teams, integrations, messages
    datasets   datasets, their sharing, status and enabled integrations
    packages   what is in a dataset: listing, changing, manifests to fetch it
    folders    datasets as folders of plain files: ids, scanning, moving, kinds of files
    upload     manifests, temporary keys, finalizing, importing, viewer assets
    github     GitHub as the platform's integration shows it

v1 (``contracts/core.md`` sections 1, 3 and 6) leaves out keys without a value, writes ISO 8601 and
refuses in the shapes a and b of section 0.3 (:mod:`.v1_answers`); v2 writes empty arrays as the Go
services do and refuses in plain text (:mod:`.v2_answers`, 0.2, 0.3 d). :mod:`.access` decides which
dataset a request is about and whether the caller may do that, by :mod:`.roles`. The tables are in
:mod:`.tables`.
"""
