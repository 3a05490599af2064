# $1 work folder, $2 token. Prints anything when Slurm or the folder knows of the attempt. A launcher
# that was cut off may still be submitting, so that *nothing* is said only when nobody is.
mkdir -p -- "$1/jobs" && cd -- "$1" || exit 70
alone . || exit 71
called "jobs/$2"
rows_of %i -t all || exit 71
cat "jobs/$2/job_id" 2>/dev/null
compgen -G "jobs/$2/[0-9]*/claim"
exit 0
