# $1 work folder, $2 version; stdin: a tar of the package `lab`. Repeatable, and safe side by side.
mkdir -p -- "$1/sdk" "$1/jobs" && cd -- "$1/sdk" || exit 70
[ -d "$2" ] && exit 0
fresh=$(mktemp -d .new.XXXXXX) || exit 70
tar -x -C "$fresh" || { rm -rf "$fresh"; exit 72; }
mv -T "$fresh" "$2" 2>/dev/null || rm -rf "$fresh"
[ -d "$2" ]
