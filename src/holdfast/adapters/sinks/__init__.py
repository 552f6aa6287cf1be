"""Copies of the record elsewhere: a file, standard output."""
