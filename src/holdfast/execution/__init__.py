"""Doing, checking, undoing: what may follow what, as data. It sends nothing and waits for none."""
