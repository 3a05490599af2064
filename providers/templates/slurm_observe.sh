# $1 work folder, $2 squeue fields, $3 sacct fields; stdin: tokens, one a line.
# Slurm is asked before the folders, so that what a node wrote before its job ended is seen.
cd -- "$1/jobs" || exit 70
mapfile -t tokens
printf '#now %s\n' "$(date +%s)"
live=$(squeue --me -h -a -t all -O "$2") || exit 71
printf '#slurm\n%s\n' "$live"
missing= files=() logs=()
for token in "${tokens[@]}"; do
    case $live in *"|lab-$token|"*) ;; *) missing+=",lab-$token" ;; esac
    files+=("$token/attempt.json" "$token/job_id" "$token"/[0-9]*/status.json)
    logs+=("$token/slurm.log")
done
if [ -n "$missing" ]; then
    said=$(sacct -X -n -P -S now-30days --name "${missing#,}" -o "$3" 2>&1)
    case $?:$said in
        0:*) printf '#accounted\n%s\n' "$said" ;;
        *"storage is disabled"*) ;;
        *) printf '#unsure %s\n' "${said//$'\n'/ }" ;;
    esac
fi
printf '#files\n'
grep -sH '' -- /dev/null "${files[@]}"
printf '#memory\n'
grep -slE 'slurmstepd.*(xceeded (job )?memory limit|oom[-_ ]?kill)' -- /dev/null "${logs[@]}"
exit 0
