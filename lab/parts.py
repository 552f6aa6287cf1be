"""The files and command lines of one lab: what stands in its folder, and how each part starts."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab import audit
from lab.certificates import Authority, service_account_keys
from lab.identities import write_kubeconfig, write_token_file
from lab.nodes import ADDRESS_FOR_LOGS, SILENT

_HERE = Path(__file__).parent
# Far above what a client asks for by itself, so that loading thousands of pods waits for the
# processors and for nothing else.
_QPS, _BURST = 1000, 2000
# An API server starts with nearly half the processor time, and takes 35 MB more.
_COLLECTS_LESS = {"GOGC": "200"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the servers of one lab listen, all on 127.0.0.1."""

    etcd: int
    etcd_peer: int
    api: int
    kubelet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What kind of lab.

    `bare` is etcd and API server only. Without `watch_cache`, watches and lists show etcd's
    compaction at once. `pace` multiplies every duration that the played kubelets know (back-off,
    slow starts, probe periods): at 0.1 they are ten times as fast, and still write the nominal
    times. `quiet` leaves out the events of pods that do well, for labs of many thousand pods;
    those want `audit=False` too, for the log keeps the body of every mutation.
    """

    nodes: int = 3
    bare: bool = False
    audit: bool = True
    watch_cache: bool = True
    pace: float = 1.0
    quiet: bool = False
    apiserver_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything that the command lines are made from."""

    folder: Path
    binaries: Mapping[str, Path]
    ports: Ports
    options: Options
    tokens: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.ports.api}"

    @property
    def etcd_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.etcd}"

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    def kubeconfig(self, identity: str) -> Path:
        """Written when first asked for."""
        path = self.folder / "kubeconfigs" / f"{identity.replace(':', '-')}.yaml"
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True)
        token = self.tokens[identity]
        ca = self.pki / "ca.crt"
        return write_kubeconfig(path, url=self.url, ca=ca, user=identity, who=token)

    def write_files(self) -> None:
        self.pki.mkdir()
        authority = Authority(self.pki)
        authority.server()
        authority.client("admin-client", user="admin-by-certificate", group="system:masters")
        authority.client(
            "expired-client", user="admin-by-certificate", group="system:masters", expired=True
        )
        service_account_keys(self.pki)
        write_token_file(self.folder / "tokens.csv", self.tokens)
        audit.write_policy(self.folder / "audit-policy.yaml")
        (self.folder / "scheduler.yaml").write_text(yaml.safe_dump(self._scheduler_configuration()))
        # KWOK reads one file of many documents.
        stages = sorted((_HERE / "stages").glob("*.yaml"))
        (self.folder / "stages.yaml").write_text(
            "\n---\n".join(stage.read_text() for stage in stages)
        )

    def command(self, part: str) -> list[str | Path]:
        match part:
            case "etcd":
                return self._etcd()
            case "kube-apiserver":
                return self._apiserver()
            case "kube-controller-manager":
                return self._controller_manager()
            case "kube-scheduler":
                return [
                    self.binaries[part],
                    f"--config={self.folder}/scheduler.yaml",
                    "--secure-port=0",
                ]
            case "kwok":
                return [
                    self.binaries[part],
                    f"--kubeconfig={self.kubeconfig('lab:kwok')}",
                    f"--config={self.folder}/stages.yaml",
                    # A node with this label has nobody who renews its lease: it is lost.
                    f"--manage-nodes-with-label-selector={SILENT[0]}!={SILENT[1]}",
                    "--node-lease-duration-seconds=40",
                ]
            case "kubelet":
                return self._kubelet()
        raise ValueError(part)

    def environment(self, part: str) -> dict[str, str]:
        """KWOK looks into the home folder; our own part is found beside this package."""
        match part:
            case "kwok":
                return {"HOME": str(self.folder), **_COLLECTS_LESS}
            case "kubelet":
                return {"PYTHONPATH": str(_HERE.parent)}
        return _COLLECTS_LESS

    def _etcd(self) -> list[str | Path]:
        peer = f"http://127.0.0.1:{self.ports.etcd_peer}"
        return [
            self.binaries["etcd"],
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={self.etcd_url}",
            f"--advertise-client-urls={self.etcd_url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # the data dies with the lab
            "--quota-backend-bytes=8589934592",
            "--snapshot-count=100000",
            "--log-level=warn",
        ]

    def _apiserver(self) -> list[str | Path]:
        options = self.options
        log: list[str | Path] = [
            f"--audit-policy-file={self.folder}/audit-policy.yaml",
            f"--audit-log-path={self.folder}/audit.log",
            "--audit-log-maxsize=100000",  # one file, however long: it is what tests read
        ]
        return [
            self.binaries["kube-apiserver"],
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports.api}",
            # What the endpoints of the kubernetes service say; nobody connects there.
            "--advertise-address=10.0.255.1",
            f"--etcd-servers={self.etcd_url}",
            f"--tls-cert-file={self.pki}/server.crt",
            f"--tls-private-key-file={self.pki}/server.key",
            f"--client-ca-file={self.pki}/ca.crt",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={self.pki}/service-accounts.pub",
            f"--service-account-signing-key-file={self.pki}/service-accounts.key",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--kubelet-preferred-address-types={ADDRESS_FOR_LOGS}",
            f"--kubelet-certificate-authority={self.pki}/ca.crt",
            # Without it, a server that is asked to end waits for its watchers until it is killed.
            "--shutdown-watch-termination-grace-period=1s",
            f"--watch-cache={str(options.watch_cache).lower()}",
            "--profiling=false",
            *(log if options.audit else []),
            *options.apiserver_args,
        ]

    def _controller_manager(self) -> list[str | Path]:
        return [
            self.binaries["kube-controller-manager"],
            f"--kubeconfig={self.kubeconfig('system:kube-controller-manager')}",
            f"--root-ca-file={self.pki}/ca.crt",
            f"--service-account-private-key-file={self.pki}/service-accounts.key",
            f"--cluster-signing-cert-file={self.pki}/ca.crt",
            f"--cluster-signing-key-file={self.pki}/ca.key",
            # Each controller acts under its own account with its own rights, as in any cluster.
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
            "--profiling=false",
            f"--kube-api-qps={_QPS}",
            f"--kube-api-burst={_BURST}",
            "--concurrent-replicaset-syncs=20",
            "--concurrent-deployment-syncs=20",
        ]

    def _scheduler_configuration(self) -> dict[str, object]:
        return {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {
                "kubeconfig": str(self.kubeconfig("system:kube-scheduler")),
                "qps": _QPS,
                "burst": _BURST,
            },
        }

    def _kubelet(self) -> list[str | Path]:
        quiet = ["--quiet"] if self.options.quiet else []
        return [
            sys.executable,
            "-m",
            "lab.kubelet",
            f"--kubeconfig={self.kubeconfig('lab:kubelet')}",
            f"--certificate={self.pki}/server.crt",
            f"--key={self.pki}/server.key",
            f"--port={self.ports.kubelet}",
            f"--pace={self.options.pace}",
            *quiet,
        ]
