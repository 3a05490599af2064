# Known to every script on the login node: what an attempt is called in Slurm, and its rows there.
export SLURM_BITSTR_LEN=0  # the places of an array's elements are told in full

called() {  # $1: the attempt's folder. Sets `name`, and `index` for one of an array (else empty).
    index='' name=lab-${1##*/}
    if [ -s "$1/element" ]; then
        read -r name <"$1/element"
        index=${name##*_} name=${name%_*}
    fi
}
rows_of() {  # Slurm's rows of what was `called`. $1: a format that begins with %i; then options.
    local rows
    rows=$(squeue --me -h -a -r -n "$name" -o "$@") || return 71
    grep -E "^[0-9]+${index:+_$index}( |\$)" <<<"$rows"
    return 0
}
alone() {  # $1: work folder. One submission at a time, where its file system can lock.
    exec 9>>"$1/.lock" && flock -w 30 9
    [ $? != 1 ]
}
