# stdin: a batch script. Prints when it would start, in UTC; 73: sbatch said no, its words on stderr.
said=$(TZ=UTC SLURM_TIME_FORMAT=standard sbatch --test-only 2>&1) && { printf '%s\n' "$said"; exit 0; }
printf '%s\n' "$said" >&2
case $said in
    *"ontact slurm"*|*"imed out"*|*"ommunication"*|*"onnection"*|*"emporarily"*) exit 71 ;;
esac
exit 73
