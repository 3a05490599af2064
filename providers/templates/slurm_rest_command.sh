#!/bin/sh
# A Slurm command for our scripts, which asks slurmrestd.
PYTHONPATH=@ROOT@ exec @PYTHON@ -m @MODULE@ @COMMAND@ "$@"
