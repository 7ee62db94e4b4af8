"""Making, editing and deleting datasets (v1, ``contracts/core.md`` 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from pennsieve_agent.domain.datasets import Dataset
from pennsieve_agent.errors import Conflict, Unreachable, UsageProblem
from pennsieve_agent.platform.data.dataset_codec import dataset_pages, decode_dataset
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.surface import Surface, segment

LONGEST_NAME = 255


class DatasetChanges:
    """What can be done to a dataset as a whole."""

    _v1: Surface

    def _named(self, name: str) -> Dataset | None:
        """The dataset of exactly this name; None when there is none.

        The platform cannot look for a name (``core.md`` section 8, trap 18): its search is asked
        first, then the whole list is read.
        """
        for datasets in (dataset_pages(self._v1, {"query": name}), dataset_pages(self._v1, {})):
            for dataset in datasets:
                if dataset.name == name.strip():
                    return dataset
        return None

    def create(self, name: str, description: str = "", tags: Sequence[str] = ()) -> Dataset:
        """Make a dataset; its user is its owner. Guests of a workspace are refused.

        Route: POST v1 /datasets
        Route: GET v1 /datasets/paginated

        Raises:
            Conflict: there is one of this name.
            UsageProblem: the name is empty or too long.

        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise UsageProblem(f"a dataset's name has 1 to {LONGEST_NAME} characters")
        if self._named(name):
            raise Conflict(f"there is a dataset '{name}'", hint="choose another name")
        body = {"name": name, "description": description, "properties": [], "tags": list(tags)}
        try:
            return decode_dataset(self._v1.post_record("/datasets", body))
        except Unreachable:
            # Names are unique and there was none of this one, so one that is there now is ours.
            if dataset := self._named(name):
                return dataset
            raise

    def edit(
        self, dataset_id: str, *, name: str | None = None, description: str | None = None
    ) -> Dataset:
        """Rename or describe a dataset, unless somebody else changes it meanwhile; for managers.

        Route: GET v1 /datasets/{id}
        Route: PUT v1 /datasets/{id}

        Raises:
            Conflict: somebody else changed it meanwhile, or it is locked.
            Forbidden: the user is not a manager of it.

        """
        path = f"/datasets/{segment(dataset_id)}"
        changes = {"name": name, "description": description}
        body = {field: value for field, value in changes.items() if value is not None}
        if not body:
            raise UsageProblem("no change of the dataset was given", hint="give a name")
        read = self._v1.call("GET", path, query={"limit": 1})
        answer = self._v1.call("PUT", path, body=body, if_match=read.etag, repeatable=not read.etag)
        return decode_dataset(Fields(parse(answer), answer.where))

    def delete(self, dataset_id: str) -> None:
        """Delete a dataset with all that is in it; only its owner may.

        Route: DELETE v1 /datasets/{id}

        Raises:
            Conflict: it is locked, as while it is being published.
            Forbidden: the user is not its owner.

        """
        self._v1.delete(f"/datasets/{segment(dataset_id)}")
