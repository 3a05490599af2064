#!/bin/bash
@DIRECTIVES@
# One of an array of Labledger jobs: finds its attempt by its place, then is that attempt's script.
mapfile -t tokens <@TOKENS@ || exit 70
token=${tokens[SLURM_ARRAY_TASK_ID]:?}
unset "${!SLURM_ARRAY_@}"  # the job is one among others, not part of an array of its user's
exec bash @JOBS@/"$token"/job.sh
