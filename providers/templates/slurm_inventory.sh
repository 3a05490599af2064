# $1 sinfo fields.
sinfo -h -a -N -O "$1" || exit 71
