"""A real control plane without containers: etcd, API server, controllers, scheduler, fake nodes.

    with Lab.start() as lab:
        lab.kubectl("get", "nodes")

Everything above the kubelet is real. Nodes are played by KWOK, pods by lab/kubelet. RBAC is on,
every request is in the audit log, and nothing outlives the lab: not when it is stopped, and not
when its parent is killed.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from lab import audit
from lab.build import BARE, find_binaries
from lab.certificates import OTHER_SERVER_NAME, Pair
from lab.client import APPLY, Client, Unreachable
from lab.errors import DidNotStart, LabError, NotAllowed
from lab.identities import make_tokens
from lab.nodes import node
from lab.parts import Layout, Options, Ports
from lab.ports import hold_ports
from lab.processes import Processes

_MANIFESTS = Path(__file__).parent / "manifests"
_AROUND = ("kube-controller-manager", "kube-scheduler", "kwok")
_PATIENCE = 60.0


class Lab:
    """One control plane in one folder; `Lab.start` makes it."""

    def __init__(
        self, folder: Path, options: Options, binaries: Mapping[str, Path], *, keep: bool
    ) -> None:
        self._ports = hold_ports(4)
        etcd, etcd_peer, api, kubelet = self._ports.numbers
        self.folder = folder
        self.options = options
        self._keep = keep
        self._layout = Layout(
            folder=folder,
            binaries=binaries,
            ports=Ports(etcd=etcd, etcd_peer=etcd_peer, api=api, kubelet=kubelet),
            options=options,
            tokens=make_tokens(),
        )
        self._processes = Processes(folder)

    @classmethod
    def start(
        cls, options: Options | None = None, *, folder: Path | None = None, keep: bool = False
    ) -> Self:
        """Returns when the API server answers, accounts are handed out and the nodes are ready.

        The folder is removed at the end, unless `keep` asks to leave it.
        """
        options = options or Options()
        binaries = find_binaries(BARE if options.bare else (*BARE, *_AROUND))
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="holdfast-lab-"))
        folder.mkdir(parents=True, exist_ok=True)
        lab = cls(folder, options, binaries, keep=keep)
        try:
            lab._start_all()
        except BaseException:
            lab.stop()
            raise
        return lab

    def stop(self) -> None:
        """Ends every process and removes the folder; stopping twice is no error."""
        self._processes.end_all(keep_folder=self._keep)
        self._ports.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self._layout.url

    @property
    def etcd_url(self) -> str:
        return self._layout.etcd_url

    @property
    def tokens(self) -> Mapping[str, str]:
        return self._layout.tokens

    @property
    def ports(self) -> Ports:
        """Every port that a part of this lab may listen on."""
        return self._layout.ports

    @property
    def pids(self) -> dict[str, int]:
        """The running parts by name."""
        return self._processes.pids

    @property
    def kubectl_path(self) -> Path:
        """The kubectl of the same version as the server."""
        return self._layout.binaries["kubectl"]

    @property
    def process_group(self) -> int:
        """Holds every process of this lab, and nothing else."""
        return self._processes.group

    @property
    def ca_file(self) -> Path:
        return self._layout.pki / "ca.crt"

    @property
    def other_server_name(self) -> str:
        """A name in the server's certificate that no resolver knows."""
        return OTHER_SERVER_NAME

    @property
    def admin_certificate(self) -> Pair:
        """Of a user `admin-by-certificate` in the group system:masters."""
        return self._pair("admin-client")

    @property
    def expired_certificate(self) -> Pair:
        """The same user's, but its time ended yesterday."""
        return self._pair("expired-client")

    @property
    def server_certificate(self) -> Pair:
        """For 127.0.0.1, localhost and `other_server_name`: also for servers of a test's own."""
        return self._pair("server")

    def _pair(self, name: str) -> Pair:
        pki = self._layout.pki
        return Pair(certificate=pki / f"{name}.crt", key=pki / f"{name}.key")

    def kubeconfig(self, identity: str = "admin") -> Path:
        """A kubeconfig with the token of `admin`, `reader`, `nobody`, `approver` and so on."""
        if identity not in self.tokens:
            raise LabError(f"No identity {identity!r}; there are {', '.join(self.tokens)}.")
        return self._layout.kubeconfig(identity)

    def kubectl(self, *args: str, as_: str = "admin", stdin: str | None = None) -> str:
        """Runs the kubectl of the same version; what it printed, or NotAllowed with what it said.

        `as_` is one of the lab's identities. Manifests go in through `stdin` with `-f -`.
        """
        done = subprocess.run(
            [self.kubectl_path, "--kubeconfig", self.kubeconfig(as_), *args],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"HOME": str(self.folder)},  # its discovery cache belongs to this lab
        )
        if done.returncode != 0:
            raise NotAllowed(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *args: str, as_: str = "admin") -> Any:
        """`kubectl get ARGS -o json`, parsed."""
        return json.loads(self.kubectl("get", *args, "-o", "json", as_=as_))

    def client(self, identity: str = "admin") -> Client:
        """Plain HTTPS as one of the identities, for what kubectl is too slow or too clever for."""
        return Client(self.url, self.ca_file, self.tokens[identity], agent=f"lab-test/{identity}")

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def audit_mark(self) -> int:
        """Where the audit log ends now, for `audit_events(since=...)`."""
        self._check_audited()
        return self.audit_log.stat().st_size

    def audit_events(self, since: int = 0) -> Iterator[audit.AuditEvent]:
        """Requests in the order in which they were answered; `since` is an `audit_mark()`."""
        self._check_audited()
        return audit.read_events(self.audit_log, since)

    def _check_audited(self) -> None:
        if not self.options.audit:
            raise LabError("This lab was started without an audit log.")

    def log_of(self, part: str) -> str:
        """All that a part has written: etcd, kube-apiserver, kwok, kubelet and so on."""
        return self._processes.log(part).read_text(errors="replace")

    def stop_apiserver(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._processes.end("kube-apiserver", how)

    def start_apiserver(self) -> None:
        """On the port that it had."""
        self._start("kube-apiserver")
        self._await(("kube-apiserver",), self._apiserver_ready, "answer")

    def restart_apiserver(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.stop_apiserver(how)
        self.start_apiserver()

    def compact(self) -> int:
        """Forgets history up to now: watches that resume from before get 410. The revision."""
        header = self._ask_etcd("/v3/kv/range", {"key": "AA==", "limit": 1})["header"]
        now = int(header["revision"])
        self._ask_etcd("/v3/kv/compaction", {"revision": now, "physical": True})
        return now

    def wait(
        self, met: Callable[[], object], *, within: float = 60, what: str = "a condition"
    ) -> None:
        """Asks again and again until it is met; raises when that takes too long."""
        deadline = time.monotonic() + within
        while not met():
            self._processes.check(("etcd", *_AROUND, "kubelet"))
            if time.monotonic() > deadline:
                raise LabError(f"Waited {within:.0f} s in vain for {what}.")
            time.sleep(0.05)

    def check(self) -> None:
        """Raises DidNotStart, with the end of its log, when a part has fallen over."""
        self._processes.check(("etcd", "kube-apiserver", *_AROUND, "kubelet"))

    def wait_until_a_part_ends(self) -> None:
        """For somebody who keeps the lab open: DidNotStart when a part has fallen over.

        The lab goes with its folder then; what its parts wrote stays to be read.
        """
        try:
            self._processes.wait_for_an_end()
        except DidNotStart as fell:
            kept = tempfile.mkdtemp(prefix="holdfast-lab-logs-")
            shutil.copytree(self._layout.folder / "logs", kept, dirs_exist_ok=True)
            raise DidNotStart(f"{fell}\nThe lab's logs are kept in {kept}") from None

    def _start_all(self) -> None:
        self._layout.write_files()
        self._start("etcd")
        self._await(("etcd",), self._etcd_ready, "answer")
        self.start_apiserver()
        if self.options.bare:
            return
        around = (*_AROUND, "kubelet")
        for part in around:
            self._start(part)
        client = self.client("lab:probe")
        for document in yaml.safe_load_all((_MANIFESTS / "storage.yaml").read_text()):
            self._apply(client, document)
        for index in range(self.options.nodes):
            made = client.send(
                "POST", "/api/v1/nodes", body=node(index, kubelet_port=self.ports.kubelet)
            )
            if not made.ok:
                raise DidNotStart(f"A node could not be made: {made.body.decode()}")
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._await(around, lambda: client.get(account).ok, "service account")
        self._await(around, lambda: self._nodes_ready(client), "ready node")
        client.close()

    def _start(self, part: str) -> None:
        self._processes.start(part, self._layout.command(part), self._layout.environment(part))

    def _apply(self, client: Client, document: dict[str, Any]) -> None:
        path = f"/apis/storage.k8s.io/v1/storageclasses/{document['metadata']['name']}"
        done = client.send(
            "PATCH", path, body=document, kind=APPLY, query={"fieldManager": "lab", "force": "true"}
        )
        if not done.ok:
            raise DidNotStart(f"{path} could not be applied: {done.body.decode()}")

    def _nodes_ready(self, client: Client) -> bool:
        found = client.get("/api/v1/nodes").json()["items"]
        return len(found) >= self.options.nodes and all(
            # The controller takes its taint off a moment after the node says that it is ready.
            not each["spec"].get("taints")
            and any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in each["status"].get("conditions", ())
            )
            for each in found
        )

    def _await(self, parts: Sequence[str], met: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not met():
            self._processes.check(parts)
            if time.monotonic() > deadline:
                words = "\n".join(self._processes.last_words(part) for part in parts)
                raise DidNotStart(
                    f"No {what} from {', '.join(parts)} within {_PATIENCE:.0f} s. {words}"
                )
            time.sleep(0.05)

    def _etcd_ready(self) -> bool:
        try:
            return bool(self._ask_etcd("/v3/maintenance/status", {}))
        except Unreachable:
            return False

    def _apiserver_ready(self) -> bool:
        client = self.client("lab:probe")
        try:
            return client.get("/readyz").ok
        except Unreachable:
            return False
        finally:
            client.close()

    def _ask_etcd(self, path: str, question: object) -> Any:
        connection = HTTPConnection("127.0.0.1", self.ports.etcd, timeout=30)
        try:
            connection.request("POST", path, json.dumps(question))
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise LabError(f"etcd refused {path}: {said.decode()}")
        return json.loads(said)
