"""The lab: a real Kubernetes control plane for tests and for people, without containers."""
