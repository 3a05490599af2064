# $1 work folder, $2 token. A job that Slurm still has is left alone.
live=$(squeue --me -h -a -n "lab-$2" -o %A) || exit 71
[ -z "$live" ] || exit 0
rm -rf -- "$1/jobs/$2"
