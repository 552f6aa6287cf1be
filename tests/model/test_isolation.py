"""What a pod template opens that another keeps shut."""

from typing import Any

import pytest

from holdfast.model.isolation import weakened

SHUT: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def a_template(security: Any = None, **spec: Any) -> Any:
    container = {"name": "web", "image": "web:1", "securityContext": security or {}}
    return {"metadata": {}, "spec": {"containers": [container], **spec}}


@pytest.mark.parametrize(
    ("spec", "opened"),
    [
        ({"hostNetwork": True}, ("hostNetwork",)),
        ({"hostPID": True, "hostIPC": True}, ("hostIPC", "hostPID")),
        ({"shareProcessNamespace": True}, ("shareProcessNamespace",)),
        (
            {"volumes": [{"name": "v", "hostPath": {"path": "/"}}, {"name": "e", "emptyDir": {}}]},
            ("the hostPath /",),
        ),
        ({"serviceAccountName": "admin"}, ("the account admin",)),
        ({"securityContext": {"runAsUser": 0}}, ("runAsUser 0 in web",)),
        (
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            ("the sysctl kernel.msgmax=1",),
        ),
        ({"initContainers": [{"name": "i", "securityContext": {}}]}, ()),
        (
            {"initContainers": [{"name": "i", "securityContext": {"privileged": True}}]},
            ("privileged in i",),
        ),
    ],
)
def test_tells_what_a_pod_opens(spec: Any, opened: tuple[str, ...]) -> None:
    assert opened == weakened(a_template(), a_template(**spec))
    assert () == weakened(a_template(**spec), a_template(**spec))


@pytest.mark.parametrize(
    ("security", "opened"),
    [
        ({"privileged": True}, "privileged in web"),
        ({"capabilities": {"add": ["SYS_ADMIN"]}}, "the capability SYS_ADMIN in web"),
        ({"runAsUser": 0}, "runAsUser 0 in web"),
        ({"runAsGroup": 0}, "runAsGroup 0 in web"),
        ({"procMount": "Unmasked"}, "procMount Unmasked in web"),
        ({"seccompProfile": {"type": "Unconfined"}}, "a profile that is Unconfined in web"),
        ({"appArmorProfile": {"type": "Unconfined"}}, "a profile that is Unconfined in web"),
        ({"windowsOptions": {"hostProcess": True}}, "hostProcess in web"),
        ({"seLinuxOptions": {"type": "spc_t"}}, "seLinuxOptions {'type': 'spc_t'} in web"),
    ],
)
def test_tells_what_a_container_opens(security: Any, opened: str) -> None:
    assert (opened,) == weakened(a_template(), a_template(security))


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("allowPrivilegeEscalation", "allowPrivilegeEscalation in web"),
        ("readOnlyRootFilesystem", "a root file system that can be written in web"),
        ("runAsNonRoot", "may run as root in web"),
        ("seccompProfile", "no seccomp profile in web"),
        ("capabilities", "NET_RAW, which is not dropped in web"),
    ],
)
def test_tells_which_lock_is_left_out(name: str, opened: str) -> None:
    less = {each: value for each, value in SHUT.items() if each != name}
    assert opened in weakened(a_template(SHUT), a_template(less))
    assert () == weakened(a_template(less), a_template(SHUT))


def test_a_lock_of_the_pod_is_one_of_its_containers() -> None:
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert () == weakened(a_template(pod), a_template(securityContext=pod))


def test_tells_a_port_of_the_node() -> None:
    open_ = a_template()
    open_["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    assert ("hostPort 80 in web",) == weakened(a_template(), open_)


@pytest.mark.parametrize("odd", [None, "text", [], {"spec": {"containers": {"a": 1}}}])
def test_what_has_no_form_opens_nothing_that_it_could_tell(odd: Any) -> None:
    assert () == weakened(odd, odd)
