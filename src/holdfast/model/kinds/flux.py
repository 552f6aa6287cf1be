"""Kinds of Flux: where manifests and charts come from, and what is made of them."""

from typing import ClassVar

from holdfast.model.kinds.conditioned import Conditioned, ConditionedStatus
from holdfast.model.objects import Api, Part

SOURCES = "source.toolkit.fluxcd.io"


class SourceRef(Part, frozen=True, kw_only=True):
    """Another object of Flux that it needs, in its own namespace unless it says otherwise."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class FluxSpec(Part, frozen=True, kw_only=True):
    """What was asked, as far as all kinds of Flux have it in common."""

    suspend: bool = False
    source_ref: SourceRef | None = None
    chart_ref: SourceRef | None = None
    depends_on: tuple[SourceRef, ...] = ()


class Flux(Conditioned, frozen=True, kw_only=True):
    """An object of Flux."""

    spec: FluxSpec = FluxSpec()

    @property
    def held(self) -> bool:
        """Suspended: Flux leaves it alone, and keeps what it last said of it."""
        return self.spec.suspend


class Kustomization(Flux, frozen=True, kw_only=True):
    """A Kustomization: manifests that are applied."""

    api: ClassVar[Api] = Api(
        group="kustomize.toolkit.fluxcd.io",
        versions=("v1", "v1beta2", "v1beta1"),
        kind="Kustomization",
        plural="kustomizations",
    )


class HelmReleaseStatus(ConditionedStatus, frozen=True, kw_only=True):
    """What became of a release."""

    helm_chart: str = ""  # of the chart that was made for it: namespace/name


class HelmRelease(Flux, frozen=True, kw_only=True):
    """A HelmRelease: a chart that is installed."""

    api: ClassVar[Api] = Api(
        group="helm.toolkit.fluxcd.io",
        versions=("v2", "v2beta2", "v2beta1"),
        kind="HelmRelease",
        plural="helmreleases",
    )

    status: HelmReleaseStatus = HelmReleaseStatus()


class GitRepository(Flux, frozen=True, kw_only=True):
    """A GitRepository."""

    api: ClassVar[Api] = Api(
        group=SOURCES,
        versions=("v1", "v1beta2", "v1beta1"),
        kind="GitRepository",
        plural="gitrepositories",
    )


class OciRepository(Flux, frozen=True, kw_only=True):
    """An OCIRepository."""

    api: ClassVar[Api] = Api(
        group=SOURCES, versions=("v1", "v1beta2"), kind="OCIRepository", plural="ocirepositories"
    )


class Bucket(Flux, frozen=True, kw_only=True):
    """A Bucket."""

    api: ClassVar[Api] = Api(
        group=SOURCES, versions=("v1", "v1beta2", "v1beta1"), kind="Bucket", plural="buckets"
    )


class HelmRepository(Flux, frozen=True, kw_only=True):
    """A HelmRepository."""

    api: ClassVar[Api] = Api(
        group=SOURCES,
        versions=("v1", "v1beta2", "v1beta1"),
        kind="HelmRepository",
        plural="helmrepositories",
    )


class HelmChart(Flux, frozen=True, kw_only=True):
    """A HelmChart, which Flux makes for a HelmRelease."""

    api: ClassVar[Api] = Api(
        group=SOURCES,
        versions=("v1", "v1beta2", "v1beta1"),
        kind="HelmChart",
        plural="helmcharts",
    )
