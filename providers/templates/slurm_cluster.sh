# $1 sinfo fields of a node, $2 of a partition, $3 squeue fields: state, partition, nodes, comment.
nodes=$(sinfo -h -a -N -O "$1") || exit 71
partitions=$(sinfo -h -a -O "$2") || exit 71
jobs=$(squeue -h -a -r -O "$3") || exit 71
printf '#nodes\n%s\n#partitions\n%s\n#queue\n' "$nodes" "$partitions"
awk -F '|' 'NF > 2 {count[$2 "|" $1]++} END {for (key in count) print key "|" count[key]}' <<<"$jobs"
printf '#ours\n'
grep '|labledger:' <<<"$jobs"
exit 0
