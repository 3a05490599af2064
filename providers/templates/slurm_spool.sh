# $1 work folder, $2 token, $3 bytes a stream; stdin: `node stream offset` of what has arrived.
# Prints, for each stream with news, `node stream offset length` and so many bytes.
cd -- "$1/jobs/$2" 2>/dev/null || exit 0
declare -A have
declare -A told
while read -r node stream offset; do
    have[$node/$stream]=$offset
    told[$node]+="${told[$node]:+, }\"$stream\": $offset"
done
for node in [0-9]*; do
    if [ -n "${told[$node]:-}" ] && grep -qs '"phase": *"ended"' "$node/status.json"; then
        printf '{%s}' "${told[$node]}" >"$node/.collected" && mv "$node/.collected" "$node/collected.json"
    fi
    streams=()
    for file in "$node"/journal/*.jsonl; do
        [ -e "$file" ] && [ "${file##*/}" != node.jsonl ] && streams+=("$file")
    done
    for file in "${streams[@]}" "$node/journal/node.jsonl"; do
        stream=${file##*/} stream=${stream%.jsonl}
        offset=${have[$node/$stream]:-0}
        size=$(stat -c %s "$file" 2>/dev/null) || continue
        length=$((size - offset < $3 ? size - offset : $3))
        [ "$length" -gt 0 ] || continue
        printf '%s %s %s %s\n' "$node" "$stream" "$offset" "$length"
        tail -c "+$((offset + 1))" "$file" | head -c "$length"
    done
done
exit 0
