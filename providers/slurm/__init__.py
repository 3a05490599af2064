"""Slurm: a cluster reached over SSH through its login node, with Slurm's own queue."""
