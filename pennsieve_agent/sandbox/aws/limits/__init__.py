"""Refuses what AWS refuses because of its form, its size or its rate, for every service.

:mod:`.request_check` is the seam: each request passes it once, after its rights were checked. It is
held to the service's own model (:mod:`.constraints`, as botocore ships it and does not check it),
to documented limits that no model states (:mod:`.quotas`), and to the account's rates
(:mod:`.rates`).
"""
