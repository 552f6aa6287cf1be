"""What anybody can run against an installation, ours or theirs, without trusting either."""
