"""Plays the trials of `holdfast.testing.trials` on a lab, and says how well a scan does on them."""
