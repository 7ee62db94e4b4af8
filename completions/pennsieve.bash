# Completes pennsieve's commands, options and names in bash 4.4 and newer.
_pennsieve() {
    local -a lines words
    local word
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    mapfile -t lines < <(_PENNSIEVE_COMPLETE=bash pennsieve "${words[@]}" 2>/dev/null)
    COMPREPLY=("${lines[@]:1}")
    if [ "${lines[0]}" = files ]; then
        compopt -o default 2>/dev/null
    fi
}
complete -F _pennsieve pennsieve
