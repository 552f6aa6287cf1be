"""Measurements of Holdfast, each with the target that it must meet. Not shipped."""
