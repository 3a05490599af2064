# $1 work folder, $2 token, $3 version of the node wrapper; stdin: a tar of the attempt's folder.
# Prints the Slurm job id. Codes: 70 no work folder, 71 Slurm does not answer, 72 the tar was cut
# short, 73 sbatch said no (its words on stderr, nothing is left), 75 the node wrapper is not there.
trap '' HUP
cd -- "$1" || exit 70
name="lab-$2"
[ -d "sdk/$3" ] || exit 75
found=$(squeue --me -h -a -t all -n "$name" -o %A) || exit 71
if [ -n "$found" ] || [ -e "jobs/$2/job_id" ] || compgen -G "jobs/$2/[0-9]*/claim" >/dev/null; then
    printf '%s\n' "${found:-$(cat "jobs/$2/job_id" 2>/dev/null)}"
    exit 0
fi
mkdir -p jobs || exit 70
rm -rf "jobs/.$2.new" "jobs/$2"
mkdir "jobs/.$2.new" || exit 70
tar -x -C "jobs/.$2.new" || { rm -rf "jobs/.$2.new"; exit 72; }
mv -T "jobs/.$2.new" "jobs/$2" || exit 70
if ! id=$(sbatch --parsable "jobs/$2/job.sh" 2>"jobs/$2/sbatch.err"); then
    said=$(cat "jobs/$2/sbatch.err")
    printf '%s\n' "$said" >&2
    case $said in  # whether it holds the job is not known: https://slurm.schedmd.com/faq.html
        *"ontact slurm"*|*"imed out"*|*"ommunication"*|*"onnection"*|*"emporarily"*) exit 71 ;;
    esac
    rm -rf "jobs/$2"
    exit 73
fi
printf '%s\n' "${id%%;*}" | tee "jobs/$2/.job_id" && mv "jobs/$2/.job_id" "jobs/$2/job_id"
