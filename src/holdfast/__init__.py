"""Holdfast: an SRE agent for Kubernetes on a leash that anyone can verify."""
