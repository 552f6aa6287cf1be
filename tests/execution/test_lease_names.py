import pytest

from holdfast.execution.lease_names import LeaseName, Purpose, lease_name, parsed

UID = "0b5f2c9e-5a44-4f0e-9f6e-9a1d3a0f7f11"


def test_carries_what_the_cluster_pins() -> None:
    name = lease_name(Purpose.ACT, "RolloutRestart", UID, 3)
    assert f"act.rolloutrestart.{UID}.3" == str(name)
    assert name == parsed(str(name))


@pytest.mark.parametrize(
    ("action", "uid", "generation"),
    [
        ("Rollout.Restart", UID, 1),
        ("", UID, 1),
        ("DeletePod", "", 1),
        ("DeletePod", "a.b", 1),
        ("DeletePod", UID.upper(), 1),
        ("DeletePod", f"{UID}\n", 1),
        ("DeletePod", UID, -1),
        ("DeletePod", "a" * 250, 1),
        ("DеletePod", UID, 1),  # one letter is Cyrillic
    ],
)
def test_nothing_is_made_to_fit(action: str, uid: str, generation: int) -> None:
    with pytest.raises(ValueError, match="no name that a lease may have"):
        lease_name(Purpose.ACT, action, uid, generation)


@pytest.mark.parametrize(
    "name",
    [
        "",
        f"act.deletepod.{UID}",
        f"act.deletepod.{UID}.01",
        f"act.deletepod.{UID}.1.1",
        f"Act.deletepod.{UID}.1",
        f"grab.deletepod.{UID}.1",
        f"act.deletepod.{UID}.1 ",
        f"act.deletepod.{UID}.²",
    ],
)
def test_has_one_form(name: str) -> None:
    assert None is parsed(name)


def test_two_leases_never_have_one_name() -> None:
    leases = [
        LeaseName(purpose=purpose, action=action, uid=uid, generation=generation)
        for purpose in Purpose
        for action in ("deletepod", "deletejob")
        for uid in (UID, "1", "11")
        for generation in (1, 11)
    ]
    assert len(leases) == len({str(each) for each in leases})
