"""What tests and the demo stand on, shipped: builders, a frozen clock, a simulated cluster."""
