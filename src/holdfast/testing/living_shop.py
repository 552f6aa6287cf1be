"""The broken shop with its controllers at work, so that repairs have consequences in it.

| trouble | a repair of it |
|---|---|
| `checkout`: its new image does not exist | going back to revision 1 heals it |
| `payments`: its new image crashes | going back does not help: revision 1 crashes by now too |
| `orders`: its new image does not exist | refused: Argo CD keeps it as it is in Git |

The rest is as in `shop`; the rollout of `cart`, which moved there, is through here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from holdfast.model.delivered import TRACKING
from holdfast.testing import manifests
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.controllers import Controllers
from holdfast.testing.controllers.fates import Crashes, Fate, Unpullable, by_image
from holdfast.testing.shop import LENGTH, NAMESPACE, broken_shop
from holdfast.testing.simulated import SimulatedCluster

_IMAGES = "registry.example.com/shop"
_BAD: Mapping[str, Fate] = {
    f"{_IMAGES}/checkout:2.4.1": Unpullable(),
    f"{_IMAGES}/payments:3.1": Crashes(),
    f"{_IMAGES}/orders:8.2": Unpullable(),
}
_SINCE = timedelta(minutes=30)


def a_living_shop(*, now: datetime = NOON, seed: int = 0) -> tuple[SimulatedCluster, Controllers]:
    """The shop at that moment, and what moves it on from there."""
    cluster = SimulatedCluster(seed=seed, clock=FrozenClock(now - _SINCE - LENGTH))
    broken_shop(cluster)
    bad = dict(_BAD)
    controllers = Controllers(cluster, by_image(bad))
    _deploy(cluster, "payments", f"{_IMAGES}/payments:3.0")
    _deploy(cluster, "orders", f"{_IMAGES}/orders:8.1", tracked="shop:apps/Deployment:shop/orders")
    controllers.advance(now - _SINCE + timedelta(minutes=5))
    bad[f"{_IMAGES}/payments:3.0"] = Crashes()  # what it needs is not there for new pods any more
    _change(cluster, "payments", f"{_IMAGES}/payments:3.1")
    _change(cluster, "orders", f"{_IMAGES}/orders:8.2")
    controllers.advance(now)
    return cluster, controllers


def _deploy(cluster: SimulatedCluster, name: str, image: str, *, tracked: str = "") -> None:
    made = manifests.deployment(name, image, 4)
    made["metadata"]["annotations"] = {TRACKING: tracked} if tracked else {}
    cluster.create(made)


def _change(cluster: SimulatedCluster, name: str, image: str) -> None:
    wanted = {"spec": {"template": manifests.template(name, image)}}
    cluster.patch("deployments", name, wanted, namespace=NAMESPACE)
