"""Kubeconfig files: merged, chosen from, and refused with a sentence that helps."""

from pathlib import Path

import pytest

from holdfast.adapters.kubernetes.connection import Pem, Token, TokenFile, Trust
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.errors import BadKubeconfig
from tests.adapters.kubernetes.kubeconfigs import a_kubeconfig, connect

HERE = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def written(folder: Path, text: str, name: str = "config") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_takes_the_current_context_with_its_namespace(tmp_path: Path) -> None:
    path = a_kubeconfig(tmp_path, server="https://api.example:6443/", context={"namespace": "pay"})
    connection = connect(path)
    assert (connection.name, connection.server, connection.user, connection.namespace) == (
        "shop",
        "https://api.example:6443",
        "ann",
        "pay",
    )


def test_calls_the_namespace_default_when_the_context_names_none(tmp_path: Path) -> None:
    assert connect(a_kubeconfig(tmp_path)).namespace == "default"


def test_keeps_the_path_of_a_server_behind_a_gateway(tmp_path: Path) -> None:
    path = a_kubeconfig(tmp_path, server="https://rancher.example/k8s/clusters/c-1/")
    assert connect(path).server == "https://rancher.example/k8s/clusters/c-1"


def test_the_context_named_wins_over_the_current_one(tmp_path: Path) -> None:
    other = written(
        tmp_path,
        """
current-context: one
clusters:
- {name: a, cluster: {server: "https://a"}}
- {name: b, cluster: {server: "https://b"}}
contexts:
- {name: one, context: {cluster: a}}
- {name: two, context: {cluster: b}}
""",
    )
    assert connect(other, context="two").server == "https://b"


def test_the_first_file_that_names_an_entry_wins_as_a_whole(tmp_path: Path) -> None:
    first = written(
        tmp_path,
        """
clusters: [{name: c, cluster: {server: "https://first"}}]
contexts: [{name: x, context: {cluster: c}}]
""",
        "first",
    )
    second = written(
        tmp_path,
        """
current-context: x
clusters: [{name: c, cluster: {server: "https://second", tls-server-name: n}}]
contexts: [{name: x, context: {cluster: c, namespace: second}}]
""",
        "second",
    )
    environ = {"KUBECONFIG": f"{first}:{tmp_path / 'missing'}:{second}"}
    connection = connect_to(environ=environ, home=tmp_path)
    assert connection.server == "https://first"
    assert connection.trust.server_name == ""
    assert connection.namespace == "default"


def test_an_empty_file_among_several_is_passed_over(tmp_path: Path) -> None:
    empty, full = written(tmp_path, "", "empty"), a_kubeconfig(tmp_path)
    connection = connect_to(environ={"KUBECONFIG": f"{empty}:{full}"}, home=tmp_path)
    assert connection.name == "shop"


def test_null_lists_as_kubectl_writes_them_are_empty(tmp_path: Path) -> None:
    path = written(tmp_path, "clusters: null\nusers: null\ncontexts: null\ncurrent-context: ''\n")
    with pytest.raises(BadKubeconfig, match="no current context"):
        connect(path)


def test_relative_paths_belong_to_the_file_that_they_stand_in(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = a_kubeconfig(
        folder,
        cluster={"certificate-authority": "pki/ca.crt"},
        user={"tokenFile": "../token", "exec": None},
    )
    connection = connect(path)
    assert connection.trust == Trust(authority=Pem(path=folder / "pki" / "ca.crt"))
    assert connection.showing == TokenFile(path=folder / ".." / "token")


def test_falls_back_to_the_home_folder(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    a_kubeconfig(tmp_path / ".kube")
    assert connect_to(environ={}, home=tmp_path).name == "shop"


def test_a_file_that_is_named_wins_over_the_environment(tmp_path: Path) -> None:
    named = a_kubeconfig(tmp_path, server="https://named")
    environ = {"KUBECONFIG": str(a_kubeconfig(tmp_path, server="https://other", name="other"))}
    assert connect(named, environ=environ).server == "https://named"


def test_data_in_place_wins_over_a_file(tmp_path: Path) -> None:
    path = a_kubeconfig(
        tmp_path,
        cluster={"certificate-authority-data": "Y2E=", "certificate-authority": "/nowhere"},
    )
    assert connect(path).trust.authority == Pem(data=b"ca")


def test_a_token_of_digits_stays_as_it_was_written(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
current-context: x
clusters: [{name: c, cluster: {server: "https://a"}}]
users: [{name: u, user: {token: 0123456}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
""",
    )
    assert connect(path).showing == Token(value="0123456")


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [({}, "http://api.example:1"), ({"insecure-skip-tls-verify": True}, "https://api.example:1")],
)
def test_an_address_without_a_scheme_gets_tls_when_anything_speaks_of_it(
    tmp_path: Path, cluster: dict[str, object], expected: str
) -> None:
    path = a_kubeconfig(tmp_path, server="api.example:1", cluster=cluster)
    assert connect(path).server == expected


def test_in_a_pod_without_a_kubeconfig_the_service_account_is_taken(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("holdfast\n")
    connection = connect_to(environ=HERE, home=tmp_path, service_account=tmp_path)
    assert (connection.name, connection.server, connection.namespace) == (
        "in-cluster",
        "https://10.0.0.1:443",
        "holdfast",
    )
    assert connection.showing == TokenFile(path=tmp_path / "token")


def test_in_a_pod_with_an_ipv6_address_the_address_is_bracketed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    environ = HERE | {"KUBERNETES_SERVICE_HOST": "fd00::1"}
    connection = connect_to(environ=environ, home=tmp_path, service_account=tmp_path)
    assert connection.server == "https://[fd00::1]:443"


def test_in_a_pod_a_kubeconfig_still_wins(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    environ = HERE | {"KUBECONFIG": str(a_kubeconfig(tmp_path))}
    connection = connect_to(environ=environ, home=tmp_path, service_account=tmp_path)
    assert connection.name == "shop"


def test_a_kubeconfig_that_was_named_and_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match=r"no kubeconfig at .*nowhere") as raised:
        connect(tmp_path / "nowhere")
    assert "--kubeconfig" in raised.value.remedy


def test_no_kubeconfig_at_all_points_to_the_demo(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="no kubeconfig at") as raised:
        connect_to(environ={}, home=tmp_path, service_account=tmp_path)
    assert "holdfast demo" in raised.value.remedy


def test_one_without_a_current_context_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="no current context") as raised:
        connect(a_kubeconfig(tmp_path, current=None))
    assert raised.value.remedy.endswith("there are: shop.")


def test_a_context_that_does_not_exist_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="no context 'shpo'") as raised:
        connect(a_kubeconfig(tmp_path), context="shpo")
    assert "there are: shop" in raised.value.remedy


def test_yaml_that_breaks_off_is_named_by_its_line_and_never_quoted(tmp_path: Path) -> None:
    path = written(tmp_path, "users:\n- name: u\n  user: {token: 'hunter2\n")
    with pytest.raises(BadKubeconfig, match=r"not valid YAML \(line \d\)") as raised:
        connect(path)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("text", [b"\x00\x01", b"\xff\xfe\xff"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(text)
    with pytest.raises(BadKubeconfig, match="kubeconfig"):
        connect(path)


@pytest.mark.parametrize(
    "text", ["[]", "just words", "users: 7", "users: [{name: u, user: {token: [hunter2]}}]"]
)
def test_yaml_of_another_form_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadKubeconfig, match="not of the form") as raised:
        connect(written(tmp_path, text))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"context": {"cluster": "gone"}}, "names no cluster"),
        ({"context": {"user": "gone"}}, "names no user"),
        ({"server": ""}, "has no server"),
        ({"server": "ftp://api.example"}, "no http"),
        ({"server": "https://"}, "no http"),
        ({"server": "https://[fd00"}, "no http"),
        ({"server": "https://api.example:port"}, "no http"),
        ({"user": {"client-certificate-data": "Y2E="}}, "half a certificate: no client-key"),
        ({"user": {"client-key-data": "Y2E="}}, "half a certificate: no client-certificate"),
        ({"cluster": {"certificate-authority-data": "%%%"}}, "is not base64"),
        ({"user": {"token": "t", "username": "u", "password": "p"}}, "both a token and a password"),
        ({"user": {"as-groups": ["g"]}}, "without a user"),
        (
            {"cluster": {"certificate-authority": "ca", "insecure-skip-tls-verify": True}},
            "contradict",
        ),
        ({"user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}}, "no command"),
        ({"user": {"exec": {"command": "x", "apiVersion": "v0"}}}, "speaks v0"),
        (
            {"user": {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1"}}},
            "no interactiveMode",
        ),
        (
            {
                "user": {
                    "exec": {
                        "command": "x",
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "interactiveMode": "Perhaps",
                    }
                }
            },
            "is not Never, IfAvailable or Always",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(
    tmp_path: Path, more: dict[str, object], complaint: str
) -> None:
    with pytest.raises(BadKubeconfig, match=complaint):
        connect(a_kubeconfig(tmp_path, **more))  # type: ignore[arg-type]  # one case each


def test_an_auth_provider_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = a_kubeconfig(tmp_path, user={"auth-provider": {"name": "gcp"}})
    with pytest.raises(BadKubeconfig, match="auth-provider") as raised:
        connect(path)
    assert "exec plugin" in raised.value.remedy


def test_no_secret_appears_in_a_repr(tmp_path: Path) -> None:
    path = a_kubeconfig(
        tmp_path,
        cluster={"proxy-url": "http://me:hunter2@proxy:1"},
        user={"token": "hunter2", "client-certificate-data": "aHVudGVyMg==", "client-key": "k"},
    )
    shown = repr(connect(path, environ={"SECRET": "hunter2"}))
    assert "hunter2" not in shown


def test_the_environments_proxy_is_used_when_the_cluster_names_none(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128"}
    path = a_kubeconfig(tmp_path, server="https://api.example")
    assert connect(path, environ=environ).proxy == "http://proxy:3128"


def test_the_clusters_own_proxy_wins_over_the_environments(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128"}
    path = a_kubeconfig(
        tmp_path, server="https://api.example", cluster={"proxy-url": "http://own:1"}
    )
    assert connect(path, environ=environ).proxy == "http://own:1"
