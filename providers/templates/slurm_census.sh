# $1 work folder, $2 squeue fields. Jobs of ours that are not over and have their folder here; one of
# an array is shown by its own token.
cd -- "$1/jobs" 2>/dev/null || exit 0  # nothing was ever submitted
live=$(squeue --me -h -a -r -O "$2") || exit 71
declare -A tokens
read_tokens() {  # $1: the array's name
    local token place=0
    while read -r token; do
        tokens[${1}_$place]=$token place=$((place + 1))
    done 2>/dev/null <"../arrays/$1/tokens"
    tokens[$1]=read
}
while IFS='|' read -r id name rest; do
    case $id in
        *_*)
            [ -n "${tokens[$name]:-}" ] || read_tokens "$name"
            name=lab-${tokens[${name}_${id##*_}]:-} ;;
    esac
    [ -d "${name#lab-}" ] && printf '%s|%s|%s\n' "$id" "$name" "$rest"
done <<<"$live"
exit 0
