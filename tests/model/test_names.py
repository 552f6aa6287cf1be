"""Names for people, and which one somebody meant."""

import pytest

from holdfast.model.names import nearly


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("app-confg", "app-config"),
        ("web-db", "web-bd"),
        ("apikey", "api-key"),
        ("DATABASE_URL", "database-url"),
        ("web-config-7h2k9", "web-config-9f8d2m"),
        ("settings-v1", "settings-v2"),
        ("db-credentials", "db-credentials-new"),
        ("crashloop", "crash_looping"),
    ],
)
def test_what_is_nearly_that_is_named(written: str, there: str) -> None:
    assert [there] == nearly(written, ["unrelated", there])


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("web-config", "db-config"),
        ("shop-db", "shop-web"),
        ("orders-secret", "users-secret"),
        ("node_ready", "issuer_not_ready"),
        ("pod_pending", "load_balancer_pending"),
        ("app", "app-of-somebody-else"),
        ("web-1", "api-1"),
        ("web", "web"),
    ],
)
def test_what_only_looks_like_it_is_not(written: str, there: str) -> None:
    assert [] == nearly(written, [there])


def test_the_nearest_comes_first_and_no_more_than_are_asked_for() -> None:
    there = ["web-configs-old", "web-confix", "web-config-map"]

    assert ["web-confix", "web-config-map"] == nearly("web-config", there, 2)
