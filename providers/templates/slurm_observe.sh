# $1 work folder, $2 squeue fields, $3 sacct fields; stdin: tokens, one a line.
# Times are UTC. Slurm is asked before the folders, so that what a node wrote before its job ended is seen.
cd -- "$1/jobs" || exit 70
export TZ=UTC
mapfile -t tokens
printf '#now %s\n' "$(date +%s)"
live=$(squeue --me -h -a -r -t all -O "$2") || exit 71
printf '#slurm\n%s\n' "$live"
declare -A queued missing
while IFS='|' read -r id name state _; do
    case $state in CANCELLED*) continue ;; esac  # by whom, sacct alone knows
    case $id in *_*) name+=_${id##*_} ;; esac
    [ -z "$name" ] || queued[$name]=1
done <<<"$live"
files=() logs=()
for token in "${tokens[@]}"; do
    called "$token"
    [ -n "${queued[$name${index:+_$index}]:-}" ] || missing[$name]=1
    files+=("$token/attempt.json" "$token/element" "$token/job_id" "$token/requeued")
    files+=("$token"/[0-9]*/status.json)
    logs+=("$token/slurm.log")
done
if [ ${#missing[@]} -gt 0 ]; then
    names=$(IFS=,; printf '%s' "${!missing[*]}")
    said=$(sacct -X -n -P -S now-30days --name "$names" -o "$3" 2>&1)
    known=$?
    for uid in $(grep -oE 'CANCELLED by [0-9]+' <<<"$said" | sort -u | cut -d ' ' -f 3); do
        name=$(id -un "$uid" 2>/dev/null) && said=${said//"CANCELLED by $uid|"/"CANCELLED by $name|"}
    done
    case $known:$said in
        0:*) printf '#accounted\n%s\n' "$said" ;;
        *"storage is disabled"*) ;;
        *) printf '#unsure %s\n' "${said//$'\n'/ }" ;;
    esac
fi
printf '#files\n'
printf '%s\0' "${files[@]}" | xargs -0 grep -sH '' -- /dev/null
printf '#memory\n'
oom='slurmstepd.*(xceeded (job )?memory limit|oom[-_ ]?kill)'
printf '%s\0' "${logs[@]}" | xargs -0 grep -slE "$oom" -- /dev/null
exit 0
