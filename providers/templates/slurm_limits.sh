# Prints how many elements an array may have; nothing where Slurm does not say.
said=$(scontrol show config) || exit 71
sed -n 's/^MaxArraySize *= *\([0-9]*\).*/\1/p' <<<"$said"
