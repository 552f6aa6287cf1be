"""Node objects as a kubelet registers them; their conditions come from the KWOK stages."""

from typing import Any

VERSION = "v1.36.3"
# The API server reaches the played kubelet (for `kubectl logs`) by this name, so that the
# addresses that people see can look like addresses of nodes.
ADDRESS_FOR_LOGS = "InternalDNS"

# The label, and its value, of a node whose kubelet is not to be heard any more.
SILENT = ("lab.holdfast.dev/kubelet", "silent")


def name_of(index: int) -> str:
    return f"node-{index}"


def address_of(index: int) -> str:
    return f"10.0.{index // 250}.{index % 250 + 1}"


def node(index: int, *, kubelet_port: int) -> dict[str, Any]:
    """Room for anything that a test may want to schedule."""
    name = name_of(index)
    room = {
        "cpu": "1000",
        "memory": "4Ti",
        "ephemeral-storage": "10Ti",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "pods": "10000",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": "lab",
                "topology.kubernetes.io/zone": f"lab-{'abc'[index % 3]}",
            },
        },
        "status": {
            "capacity": room,
            "allocatable": room,
            "addresses": [
                {"type": "InternalIP", "address": address_of(index)},
                {"type": "Hostname", "address": name},
                {"type": ADDRESS_FOR_LOGS, "address": "localhost"},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "nodeInfo": {
                "machineID": f"{index:032x}",
                "systemUUID": f"{index:032x}",
                "bootID": f"00000000-0000-4000-8000-{index:012x}",
                "kernelVersion": "6.12.0",
                "osImage": "Holdfast Lab (simulated)",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": VERSION,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
