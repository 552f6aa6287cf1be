"""Kinds that decide how many pods there are, and how many may go at once."""

from typing import ClassVar

from holdfast.model.objects import Api, Condition, Object, Part, Selector, condition


class ScaleTarget(Part, frozen=True, kw_only=True):
    """The workload that an autoscaler scales."""

    api_version: str = ""
    kind: str = ""
    name: str = ""


class AutoscalerSpec(Part, frozen=True, kw_only=True):
    """What was asked of an autoscaler."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int = 1
    max_replicas: int = 0


class AutoscalerStatus(Part, frozen=True, kw_only=True):
    """What became of an autoscaler."""

    current_replicas: int = 0
    desired_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Autoscaler(Object, frozen=True, kw_only=True):
    """A HorizontalPodAutoscaler."""

    api: ClassVar[Api] = Api(
        group="autoscaling",
        versions=("v2",),
        kind="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
    )

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()

    def condition(self, type_: str) -> Condition | None:
        """The autoscaler's condition of that type."""
        return condition(self.status.conditions, type_)


class BudgetSpec(Part, frozen=True, kw_only=True):
    """What a disruption budget keeps."""

    selector: Selector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str = "IfHealthyBudget"


class BudgetStatus(Part, frozen=True, kw_only=True):
    """What of it is left."""

    observed_generation: int = 0
    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] = ()


class DisruptionBudget(Object, frozen=True, kw_only=True):
    """A PodDisruptionBudget."""

    api: ClassVar[Api] = Api(
        group="policy", kind="PodDisruptionBudget", plural="poddisruptionbudgets"
    )

    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()

    def condition(self, type_: str) -> Condition | None:
        """The budget's condition of that type."""
        return condition(self.status.conditions, type_)
