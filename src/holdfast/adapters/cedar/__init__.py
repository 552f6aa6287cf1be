"""The operator's policy in Cedar."""
