#!/bin/bash
@DIRECTIVES@
# One attempt of a Labledger job: the node wrapper on every node, and its exit as the job's own.
set -u
umask 077
export LAB_PYTHON=@PYTHON@ LAB_SDK=@SDK@ LAB_ATTEMPT_DIR=@FOLDER@ LAB_NODES=@NODES@
export SLURM_EXPORT_ENV=ALL

if compgen -G "$LAB_ATTEMPT_DIR/[0-9]*/claim" >/dev/null; then
    date +%s >"$LAB_ATTEMPT_DIR/requeued"  # Slurm starts it again: a new attempt goes on instead
    exit 0
fi

run_node() {  # $1: the node's number. Ends with the command's exit code, or 128 + its signal.
    "$LAB_PYTHON" -I -S "$LAB_SDK/lab/node/__main__.py" "$LAB_ATTEMPT_DIR/$1" &
    local wrapper=$!
    trap 'kill -TERM "$wrapper" 2>/dev/null' TERM INT URG
    while kill -0 "$wrapper" 2>/dev/null; do wait "$wrapper"; done
    "$LAB_PYTHON" -I -S -c '
import json, sys
s = json.load(open(sys.argv[1]))
if s["phase"] != "ended":
    sys.exit(70)
sys.exit(128 + s["signal"] if s.get("signal") else s.get("exit_code") or 0)
' "$LAB_ATTEMPT_DIR/$1/status.json"
}
export -f run_node

if [ "$LAB_NODES" = 1 ]; then
    run_node 0
    exit
fi

first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_ADDR=$(scontrol show node -o "$first" | sed -n 's/.* NodeAddr=\([^ ]*\).*/\1/p')
export MASTER_ADDR="${MASTER_ADDR:-$first}" WORLD_SIZE="$LAB_NODES"
trap : TERM INT  # the steps are signalled beside this shell; it waits for them
srun --nodes="$LAB_NODES" --ntasks="$LAB_NODES" --ntasks-per-node=1 --kill-on-bad-exit=1 \
    --export=ALL bash -c 'run_node "$SLURM_NODEID"' &
steps=$!
while kill -0 "$steps" 2>/dev/null; do wait "$steps"; done
wait "$steps"
