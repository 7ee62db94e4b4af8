"""The App Store: ``/applications`` (``contracts/workflows.md`` 1), and builds of what is there.

The :mod:`.builder` fetches a tag (:mod:`.fetch_tag`) and makes an image of it (:mod:`.images`).
"""
