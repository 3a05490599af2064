# $1 work folder, $2 the array's name, $3 version of the node wrapper; stdin: a tar of `array/` and
# `jobs/<token>/`, with array/job.sh at its end. What was submitted before is left as it is; the rest
# becomes one array. Codes: as in slurm_submit.sh.
trap '' HUP
cd -- "$1" || exit 70
[ -d "sdk/$3" ] || exit 75
mkdir -p jobs arrays && new=$(mktemp -d arrays/.new.XXXXXX) || exit 70
trap 'rm -rf "$new"' EXIT
tar -x -C "$new" && [ -e "$new/array/job.sh" ] || exit 72
alone . || exit 71
live=$(squeue --me -h -a -r -t all -o '%i %j') || exit 71
declare -A queued
while read -r id name; do
    case $id in *_*) name+=_${id##*_} ;; esac
    [ -z "$name" ] || queued[$name]=1
done <<<"$live"
mapfile -t tokens <"$new/array/tokens"
places=() old=() moved=()
for place in "${!tokens[@]}"; do
    token=${tokens[place]}
    called "jobs/$token"
    if [ -n "${queued[$name${index:+_$index}]:-}" ] || [ -e "jobs/$token/job_id" ] ||
        compgen -G "jobs/$token/[0-9]*/claim" >/dev/null; then
        tokens[place]=-
    else
        places+=("$place") old+=("jobs/$token") moved+=("$new/jobs/$token")
    fi
done
[ ${#places[@]} -gt 0 ] || exit 0
if [ -e "arrays/$2/job_id" ] || [[ $live$'\n' == *" $2"$'\n'* ]]; then
    echo "array $2 was submitted before, and the folder of one of its jobs is gone" >&2
    exit 70
fi
printf '%s\n' "${tokens[@]}" >"$new/array/tokens"
rm -rf "arrays/$2" "${old[@]}"
mv -T "$new/array" "arrays/$2" && mv -t jobs "${moved[@]}" || exit 70
wanted=$(IFS=,; printf '%s' "${places[*]}")
[ ${#places[@]} != ${#tokens[@]} ] || wanted=0-$((${#tokens[@]} - 1))
if ! id=$(sbatch --parsable --array="$wanted" "arrays/$2/job.sh" 2>"arrays/$2/sbatch.err"); then
    said=$(cat "arrays/$2/sbatch.err")
    printf '%s\n' "$said" >&2
    case $said in  # whether it holds the array is not known: https://slurm.schedmd.com/faq.html
        *"ontact slurm"*|*"imed out"*|*"ommunication"*|*"onnection"*|*"emporarily"*) exit 71 ;;
        *"unge"*|*"uthentication"*|*"ero Bytes"*|*"transmit"*) exit 71 ;;
    esac
    rm -rf "arrays/$2" "${old[@]}"
    exit 73
fi
printf '%s\n' "${id%%;*}" | tee "arrays/$2/.job_id" && mv "arrays/$2/.job_id" "arrays/$2/job_id"
