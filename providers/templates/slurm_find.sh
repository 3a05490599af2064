# $1 work folder, $2 token. Prints anything when Slurm or the folder knows of the attempt.
squeue --me -h -a -t all -n "lab-$2" -o %A || exit 71
mkdir -p -- "$1/jobs" && cd -- "$1" || exit 70
cat "jobs/$2/job_id" 2>/dev/null
compgen -G "jobs/$2/[0-9]*/claim"
exit 0
