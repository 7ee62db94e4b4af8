"""``pennsieve completion``: scripts that complete commands in a shell."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.completing import VARIABLE
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown


class Shell(StrEnum):
    """Shells with a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


FILES = {Shell.BASH: "pennsieve.bash", Shell.ZSH: "_pennsieve", Shell.FISH: "pennsieve.fish"}
_BASH = """\
# Completes pennsieve's commands, options and names in bash 4.4 and newer.
_pennsieve() {
    local -a lines words
    local word
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    mapfile -t lines < <(VARIABLE=bash pennsieve "${words[@]}" 2>/dev/null)
    COMPREPLY=("${lines[@]:1}")
    if [ "${lines[0]}" = files ]; then
        compopt -o default 2>/dev/null
    fi
}
complete -F _pennsieve pennsieve
"""
_ZSH = """\
#compdef pennsieve
# Completes pennsieve's commands, options and names in zsh.
_pennsieve() {
    local -a lines values
    local line
    lines=("${(@f)$(VARIABLE=zsh pennsieve "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ ${lines[1]} == files ]]; then
        _files
        return
    fi
    for line in "${(@)lines[2,-1]}"; do
        values+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    (( ${#values} )) && _describe -V pennsieve values
}
if [[ ${funcstack[1]} == _pennsieve ]]; then
    _pennsieve "$@"
else
    compdef _pennsieve pennsieve
fi
"""
_FISH = """\
# Completes pennsieve's commands, options and names in fish.
function __pennsieve_complete
    set -l token (commandline -ct)
    set -l words (commandline -opc) "$token"
    set -l lines (VARIABLE=fish pennsieve $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    else if set -q lines[2]
        printf '%s\\n' $lines[2..-1]
    end
end
complete --command pennsieve --no-files --keep-order --arguments '(__pennsieve_complete)'
"""
_SCRIPTS = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH}


@command(
    "completion",
    answers="completion_script",
    examples=[
        "pennsieve completion bash > ~/.local/share/bash-completion/completions/pennsieve",
        "pennsieve completion zsh > ~/.zfunc/_pennsieve",
        "pennsieve completion fish > ~/.config/fish/completions/pennsieve.fish",
    ],
)
def completion(
    context: Context,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="Your shell.")],
) -> Shown:
    """Print a script that completes commands.

    Commands, options and their values complete, and the names of datasets, workflows, compute nodes
    and runs. Names are kept for a few minutes in your cache folder.
    """
    del context
    text = script(shell)
    return Shown({"shell": shell.value, "script": text}, text)


def script(shell: Shell) -> str:
    """The completion script for a shell."""
    return _SCRIPTS[shell].replace("VARIABLE", VARIABLE)


def write_all(folder: Path) -> None:
    """Write the scripts of all shells into a folder."""
    for shell, name in FILES.items():
        (folder / name).write_text(script(shell), encoding="utf-8")
