# $1 work folder, $2 python, $3 account. Prints `what|ok|detail` rows.
row() { printf '%s|%s|%s\n' "$1" "$2" "${3//$'\n'/ }"; }
if said=$(sinfo --version 2>&1); then row Slurm 1 "$said"; else row Slurm 0 "$said"; fi
if said=$(scontrol ping 2>&1); then row controller 1 "$said"; else row controller 0 "$said"; fi
if mkdir -p -m 700 -- "$1" 2>/dev/null && [ -w "$1" ]; then
    row "work folder" 1 "$(df -Ph -- "$1" | awk 'NR == 2 {print $4 " free"}')"
else
    row "work folder" 0 "$1 cannot be written; it must be on a file system that all nodes share"
fi
if said=$("$2" -I -c 'import sys; print(sys.version.split()[0]); sys.exit(sys.version_info < (3, 11))' 2>&1)
then row python 1 "$said on the login node"; else row python 0 "needs 3.11 or newer: $said"; fi
if said=$(sacct -X -n -P -S now-1minutes 2>&1); then row accounting 1 "sacct answers"
else row accounting 1 "without sacct ($said) ends are read from squeue and the job's folder"; fi
exit 0
