"""What others do to a target in between: they write into it, mark it, or make it again."""

from typing import Any

from lab.client import MERGE
from tests.cluster.leash import Installation

type Raw = dict[str, Any]

# What each kind was judged by, and what else somebody may have written into it meanwhile.
READS: dict[str, Raw] = {
    "DeleteACMEOrder": {"spec": {"commonName": "other.example.com"}},
    "DeleteCertificateRequest": {"spec": {"isCA": True}},
    "DeletePod": {"metadata": {"labels": {"app": "other"}}},
    "DeleteJob": {"spec": {"suspend": True}},
    "DeleteResourceQuota": {"spec": {"hard": {"pods": "2"}}},
    "RolloutRestart": {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}},
    "RolloutUndo": {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}},
    "PatchProbe": {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}},
    "ScaleWorkload": {"spec": {"replicas": 5}},
    "Uncordon": {"spec": {"taints": [{"key": "lab.holdfast.dev/nobody", "effect": "NoExecute"}]}},
}
FLUX = {
    "kustomize.toolkit.fluxcd.io/name": "shop",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
TRACKED = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}
STATUS: dict[str, Raw] = {
    "Pod": {"status": {"message": "noted"}},
    "Job": {"status": {"conditions": [{"type": "Noted", "status": "True"}]}},
    "ResourceQuota": {"status": {"used": {"count/configmaps": "1"}}},
    "Deployment": {"status": {"conditions": [{"type": "Noted", "status": "True"}]}},
    "Node": {"status": {"conditions": [{"type": "Noted", "status": "True"}]}},
    "CertificateRequest": {"status": {"ca": "bm90ZWQ="}},
    "Order": {"status": {"url": "https://acme.example/order/1"}},
}


class Others:
    """Whoever else works on that cluster."""

    def __init__(self, installed: Installation) -> None:
        self._installed = installed

    def patch(self, path: str, body: Raw, kind: str = MERGE) -> None:
        before = self._installed.fetch(path)["metadata"]["resourceVersion"]
        done = self._installed.admin.send("PATCH", path, body=body, kind=kind)
        if done.code == 415:  # custom kinds know no strategy
            done = self._installed.admin.send("PATCH", path, body=body, kind=MERGE)
        assert done.ok, done.body
        assert done.json()["metadata"]["resourceVersion"] != before

    def make_again(self, path: str) -> None:
        was = self._installed.fetch(path)
        query: dict[str, str | int] = {"propagationPolicy": "Background", "gracePeriodSeconds": 0}
        assert self._installed.admin.send("DELETE", path, query=query).ok

        def gone() -> bool:
            now = self._installed.admin.get(path)
            return now.code == 404 or now.json()["metadata"]["uid"] != was["metadata"]["uid"]

        self._installed.lab.wait(gone, what=f"{path} to go")
        kept = {
            k: was["metadata"][k] for k in ("name", "namespace", "labels") if k in was["metadata"]
        }
        spec = {k: v for k, v in was["spec"].items() if k not in ("selector", "template")}
        if was["kind"] != "Job":  # a Job's selector is its uid
            spec = was["spec"]
        else:
            spec["template"] = {"spec": was["spec"]["template"]["spec"]}
        body = {
            "apiVersion": was["apiVersion"],
            "kind": was["kind"],
            "metadata": kept,
            "spec": spec,
        }
        made = self._installed.admin.send("POST", path.rpartition("/")[0], body=body)
        assert made.ok or made.code == 409, made.body  # its controller was faster
