"""Why nothing is done while the fences are not as they were made: what differs, and what to do."""

from collections.abc import Sequence

from holdfast.model.asks import Refusal

TOLD = 3  # of what is amiss; `--check` tells all
DO = (
    "See all of it with `holdfast rbac install --check`, find out who changes it, and put it right "
    "with `holdfast rbac install --apply`."
)


def why_not_fenced(amiss: Sequence[str]) -> Refusal | None:
    """A refusal that an operator can go on from; None where nothing is amiss."""
    if not amiss:
        return None
    more = [f"And {len(amiss) - TOLD} more."] if len(amiss) > TOLD else []
    told = " ".join([*amiss[:TOLD], *more, DO])
    return Refusal(by="fences", because=f"the fences are not as they were made: {told}")
