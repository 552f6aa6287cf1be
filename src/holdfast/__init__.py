"""Holdfast: an SRE agent for Kubernetes on a leash that anyone can verify."""

__version__ = "0.1.0"
