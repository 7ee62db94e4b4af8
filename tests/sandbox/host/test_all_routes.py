"""The list of routes from which the table of what is covered is made."""

from __future__ import annotations

from pennsieve_agent.sandbox.host.surfaces import all_routes


def test_every_route_is_listed_with_the_code_that_answers_it() -> None:
    found = all_routes()
    assert {surface for surface, *_ in found} == {"v1", "v2", "aws"}
    assert len({(surface, method, pattern) for surface, method, pattern, _ in found}) == len(found)
    by_name = {(surface, method, pattern): name for surface, method, pattern, name in found}
    assert "sandbox.data.datasets" in by_name["v1", "GET", "/datasets/paginated"]
    assert "sandbox.compute.runs" in by_name["v2", "POST", "/compute/workflows/runs"]
    assert all(name.startswith("pennsieve_agent.sandbox.") for name in by_name.values())
