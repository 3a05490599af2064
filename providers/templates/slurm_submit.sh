# $1 work folder, $2 token, $3 version of the node wrapper; stdin: a tar of the attempt's folder.
# Prints the Slurm job id. Codes: 70 no work folder, 71 Slurm does not answer, 72 the tar was cut
# short, 73 sbatch said no (its words on stderr, nothing is left), 75 the node wrapper is not there.
trap '' HUP
cd -- "$1" || exit 70
[ -d "sdk/$3" ] || exit 75
told() {  # ends the script when the folder tells that the attempt was submitted
    if [ -e "jobs/$1/job_id" ] || compgen -G "jobs/$1/[0-9]*/claim" >/dev/null; then
        cat "jobs/$1/job_id" 2>/dev/null
        exit 0
    fi
}
told "$2"
mkdir -p jobs && new=$(mktemp -d jobs/.new.XXXXXX) || exit 70
trap 'rm -rf "$new"' EXIT
tar -x -C "$new" || exit 72
alone . || exit 71
told "$2"
called "jobs/$2"
found=$(rows_of %i -t all) || exit 71
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 0
fi
rm -rf "jobs/$2"
mv -T "$new" "jobs/$2" || exit 70
if ! id=$(sbatch --parsable "jobs/$2/job.sh" 2>"jobs/$2/sbatch.err"); then
    said=$(cat "jobs/$2/sbatch.err")
    printf '%s\n' "$said" >&2
    case $said in  # whether it holds the job is not known: https://slurm.schedmd.com/faq.html
        *"ontact slurm"*|*"imed out"*|*"ommunication"*|*"onnection"*|*"emporarily"*) exit 71 ;;
        *"unge"*|*"uthentication"*|*"ero Bytes"*|*"transmit"*) exit 71 ;;
    esac
    rm -rf "jobs/$2"
    exit 73
fi
printf '%s\n' "${id%%;*}" | tee "jobs/$2/.job_id" && mv "jobs/$2/.job_id" "jobs/$2/job_id"
