# Completes pennsieve's commands, options and names in fish.
function __pennsieve_complete
    set -l token (commandline -ct)
    set -l words (commandline -opc) "$token"
    set -l lines (_PENNSIEVE_COMPLETE=fish pennsieve $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    else if set -q lines[2]
        printf '%s\n' $lines[2..-1]
    end
end
complete --command pennsieve --no-files --keep-order --arguments '(__pennsieve_complete)'
