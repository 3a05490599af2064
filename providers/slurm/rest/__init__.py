"""Slurm over slurmrestd: the same scripts, run here beside the mounted work folder.

Where they call a Slurm command, they find ours, which asks the REST API.
"""
