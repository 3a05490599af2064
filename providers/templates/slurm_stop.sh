# $1 work folder, $2 token, $3 grace in seconds. SIGTERM to the wrapper, which kills after the grace;
# asked again half a minute after that, and without a grace at once, Slurm ends the job itself.
cancel() {  # fine for what has ended since; 22.05 answers 229, silent, where others of an array wait
    local said
    said=$(scancel "$@" 2>&1) && return 0
    case $said in '' | *'nvalid job id'*) return 0 ;; esac
    printf '%s\n' "$said" >&2
    exit 71
}
called "$1/jobs/$2"
row=$(rows_of '%i %T %D' -t PD,CF,R,S,ST,RQ,RH) || exit 71
[ -n "$row" ] || exit 0
read -r id state nodes <<<"${row##*$'\n'}"
cd -- "$1/jobs/$2" 2>/dev/null
if [ "$state" != RUNNING ] || ! compgen -G '[0-9]*/claim' >/dev/null; then
    cancel "$id"
    exit 0
fi
for folder in [0-9]*/; do
    printf '{"grace_s": %s}' "$3" >"$folder/.grace" && mv "$folder/.grace" "$folder/grace.json"
done
now=$(date +%s)
[ -e stop_at ] || printf '%s\n' "$now" >stop_at
if [ "${3//[0.]/}" = '' ] || [ "$now" -gt $(($(cat stop_at) + ${3%.*} + 30)) ]; then
    cancel "$id"
elif [ "$nodes" = 1 ]; then
    cancel --batch --signal=TERM "$id"
else  # reaches every process of the steps: programs ignore URG, the shell above the wrapper does not
    cancel --signal=URG "$id"
fi
