"""The fences are taken away again, on a lab of its own.

An API server stops to follow ConfigMaps as parameters when the last bound policy that uses them
goes, and does not begin again until it is restarted (seen on 1.36). Nothing else runs here.
"""

from collections.abc import Iterator

import pytest

from holdfast.grants.fences import fences
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.fenced_acts import restart
from tests.cluster.fencing import PARAMETERS, Fenced, left_over, said

BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"


@pytest.fixture
def fenced(lab_built: None) -> Iterator[Fenced]:
    with Lab.start(Options(pace=0.1)) as lab:
        made = Fenced(lab)
        yield made
        made.hang_up()
        made.admin.close()


def test_a_missing_parameter_object_has_a_remedy_and_after_all_is_removed_nothing_is_left(
    fenced: Fenced,
) -> None:
    lab, act = fenced.lab, restart(fenced, "default", "deployments")
    assert len(list(left_over(fenced.admin))) == len(fences())
    assert fenced.admin.send("DELETE", f"{BINDINGS}/holdfast-fences").ok
    lab.wait(lambda: fenced.admin.send("DELETE", PARAMETERS).ok, what="the values to be deleted")
    lab.wait(lambda: not act.send(fenced.admin).ok, what="everybody to be refused")
    assert "holdfast-lease-values" in said(act.send(fenced.admin))

    assert fenced.admin.send("DELETE", f"{BINDINGS}/holdfast-lease-values").ok
    lab.wait(lambda: act.send(fenced.admin).ok, what="everybody to write again")

    fenced.remove()
    lab.wait(lambda: not list(left_over(fenced.admin)), what="the fences to be gone")
