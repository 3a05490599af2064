# $1 work folder, $2 token. A job that Slurm still has is left alone.
called "$1/jobs/$2"
live=$(rows_of %i) || exit 71
[ -z "$live" ] || exit 0
rm -rf -- "$1/jobs/$2"
[ -n "$index" ] || exit 0
while read -r token; do  # the last of an array takes what they shared
    [ ! -e "$1/jobs/$token/element" ] || exit 0
done <"$1/arrays/$name/tokens"
rm -rf -- "$1/arrays/$name"
