"""Trials: how a cluster is broken, and what a scan must say of it; a library that ships.

The folders beside this file are the areas, and each file in them is one trial.
"""
