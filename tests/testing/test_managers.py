from holdfast.testing.managers import without_what_went

BEFORE = {"spec": {"unschedulable": True, "podCIDR": "10.0.0.0/24"}}


def by(who: str, *fields: str) -> dict[str, object]:
    return {"manager": who, "fieldsV1": {"f:spec": {f"f:{each}": {} for each in fields}}}


def test_whose_only_field_went_stands_there_no_more() -> None:
    after = {"spec": {"podCIDR": "10.0.0.0/24"}}
    managers = [by("kubectl", "unschedulable"), by("kubelet", "podCIDR")]
    assert [by("kubelet", "podCIDR")] == without_what_went(managers, BEFORE, after)


def test_who_has_another_field_keeps_that() -> None:
    after = {"spec": {"podCIDR": "10.0.0.0/24"}}
    managers = [by("kubectl", "unschedulable", "podCIDR")]
    assert [by("kubectl", "podCIDR")] == without_what_went(managers, BEFORE, after)


def test_what_was_changed_or_was_never_there_stays_whose_it_was() -> None:
    after = {"spec": {"unschedulable": False, "podCIDR": "10.0.1.0/24"}}
    managers = [by("kubectl", "unschedulable"), by("other", "taints")]
    assert managers == without_what_went(managers, BEFORE, after)
