"""What custom kinds have in common whose controllers speak in conditions."""

from holdfast.model.objects import Condition, KeptMetadata, Object, Part, condition


class ConditionedStatus(Part, frozen=True, kw_only=True):
    """A status that consists of conditions, and of what was observed when they were written."""

    conditions: tuple[Condition, ...] = ()
    observed_generation: int = 0


class Conditioned(Object, frozen=True, kw_only=True):
    """An object whose controller says in conditions how it is."""

    metadata: KeptMetadata = KeptMetadata()
    status: ConditionedStatus = ConditionedStatus()

    def condition(self, type_: str) -> Condition | None:
        """Its condition of that type."""
        return condition(self.status.conditions, type_)

    @property
    def held(self) -> bool:
        """Whether somebody holds it on purpose, so that nothing is expected of it."""
        return False
