"""What is in the simulated cluster, and what happens there."""
