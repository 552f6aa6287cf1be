"""Plays the provisioner of the storage classes lab-immediate and lab-late.

The real controllers decide when: they name us in the claim's annotation, for a late binding only
when the scheduler has chosen a node. We make the disk, and remove it once it is released.
"""

import secrets
import threading
import time

from lab.client import Client
from lab.kubelet.following import Follow
from lab.kubelet.shapes import Claim, Disk, Json
from lab.kubelet.status import timestamp

NAME = "lab.holdfast.dev/disk"
_ASKED = "volume.kubernetes.io/storage-provisioner"
_NODE = "volume.kubernetes.io/selected-node"
_MADE_BY = "pv.kubernetes.io/provisioned-by"
_VOLUMES = "/api/v1/persistentvolumes"


class Provisioner:
    """One disk per claim, of exactly the size asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self) -> None:
        claims = Follow(
            client=self._client,
            path="/api/v1/persistentvolumeclaims",
            shape=Claim,
            uid=lambda claim: claim.metadata.uid,
            seen=self._see_claim,
            gone=lambda _: None,
        )
        disks = Follow(
            client=self._client,
            path=_VOLUMES,
            shape=Disk,
            uid=lambda disk: disk.metadata.uid,
            seen=self._see_disk,
            gone=lambda _: None,
        )
        for follow in (claims.run, disks.run):
            threading.Thread(target=follow, daemon=True).start()

    def _see_claim(self, claim: Claim) -> None:
        asked = claim.metadata.annotations.get(_ASKED) == NAME
        if not asked or claim.spec.volume_name or claim.metadata.deletion_timestamp:
            return
        made = self._client.send("POST", _VOLUMES, body=_disk(claim))
        if made.code != 201:
            return  # it is there already
        about = f"Successfully provisioned volume pvc-{claim.metadata.uid}"
        path = f"/api/v1/namespaces/{claim.metadata.namespace}/events"
        self._client.send("POST", path, body=_event(claim, "ProvisioningSucceeded", about))

    def _see_disk(self, disk: Disk) -> None:
        ours = disk.metadata.annotations.get(_MADE_BY) == NAME
        if ours and disk.status.phase == "Released" and not disk.metadata.deletion_timestamp:
            self._client.send("DELETE", f"{_VOLUMES}/{disk.metadata.name}")


def _disk(claim: Claim) -> Json:
    meta, spec = claim.metadata, claim.spec
    disk: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{meta.uid}", "annotations": {_MADE_BY: NAME}},
        "spec": {
            "capacity": {"storage": spec.resources.requests["storage"]},
            "accessModes": list(spec.access_modes),
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec.storage_class_name,
            "volumeMode": spec.volume_mode,
            "hostPath": {"path": f"/var/lib/lab/pvc-{meta.uid}", "type": "DirectoryOrCreate"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta.namespace,
                "name": meta.name,
                "uid": meta.uid,
            },
        },
    }
    if node := meta.annotations.get(_NODE):
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        terms = [{"matchExpressions": [here]}]
        disk["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
    return disk


def _event(claim: Claim, reason: str, message: str) -> Json:
    meta, now = claim.metadata, timestamp(time.time())
    source = f"{NAME}_lab"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta.name}.{time.time_ns():x}{secrets.token_hex(1)}",
            "namespace": meta.namespace,
        },
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": meta.namespace,
            "name": meta.name,
            "uid": meta.uid,
        },
        "reason": reason,
        "message": message,
        "source": {"component": source},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": "Normal",
        "eventTime": None,
        "reportingComponent": source,
        "reportingInstance": "",
    }
