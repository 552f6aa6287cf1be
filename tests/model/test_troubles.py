"""The ids of troubles are words that last: goldens, as those of findings are."""

from holdfast.model.objects import Ref
from holdfast.model.troubles import trouble_id

WEB = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid="0000-1111")


def test_the_id_of_a_trouble_is_pinned() -> None:
    assert "trb_9a41a0c6633f7dfef743" == trouble_id(WEB, "HF-WRK-002")


def test_the_id_of_what_has_no_uid_goes_by_its_place() -> None:
    nameless = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
    assert "trb_d0e89a5cb89533e61e6a" == trouble_id(nameless, "HF-WRK-002")


def test_the_id_of_what_misses_an_object_names_that_as_well() -> None:
    bank = Ref(api_version="v1", kind="Secret", namespace="shop", name="bank")
    assert "trb_4735744a94aa60952bd1" == trouble_id(WEB, "HF-CFG-001", bank)


def test_subject_and_code_each_make_another_id() -> None:
    recreated = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid="2")
    ids = {
        trouble_id(WEB, "HF-WRK-002"),
        trouble_id(WEB, "HF-WRK-003"),
        trouble_id(recreated, "HF-WRK-002"),
    }
    assert 3 == len(ids)
