# $1 work folder, $2 squeue fields. Jobs of ours that are not over and have their folder here.
cd -- "$1/jobs" 2>/dev/null || exit 0  # nothing was ever submitted
live=$(squeue --me -h -a -O "$2") || exit 71
while IFS='|' read -r id name rest; do
    [ -d "${name#lab-}" ] && printf '%s|%s|%s\n' "$id" "$name" "$rest"
done <<<"$live"
exit 0
