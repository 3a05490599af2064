"""``lab completion SHELL``: a script for the shell, made from the commands themselves."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence

from lab.cli.__main__ import GROUPS, MODULES
from lab.cli.frame import Commands, Session, command

BASH = """\
_lab() {{
  local current=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "{groups}" -- "$current")); return; fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
  fi
}}
complete -o default -F _lab lab
"""
ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


def configure(commands: Commands, name: str, text: str) -> None:
    parser = command(commands, name, completion, help=text)
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def completion(session: Session) -> int:
    actions = {name: actions_of(name) for name in GROUPS}
    made = {"bash": bash, "zsh": lambda a: ZSH + bash(a), "fish": fish}[session.arguments.shell]
    print(made(actions), end="")
    return 0


def bash(actions: Mapping[str, Sequence[str]]) -> str:
    cases = "\n".join(
        f'      {name}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$current"));;'
        for name, words in actions.items()
        if words
    )
    return BASH.format(groups=" ".join(actions), cases=cases)


def fish(actions: Mapping[str, Sequence[str]]) -> str:
    top = [f"complete -c lab -n __fish_use_subcommand -f -a {name}" for name in actions]
    below = [
        f"complete -c lab -n '__fish_seen_subcommand_from {name}' -f -a '{' '.join(words)}'"
        for name, words in actions.items()
        if words
    ]
    return "\n".join([*top, *below]) + "\n"


def actions_of(group: str) -> list[str]:
    """The words that may follow ``group``."""
    commands = argparse.ArgumentParser().add_subparsers()
    importlib.import_module(f"lab.cli.{MODULES.get(group, group)}").configure(commands, group, "")
    parser = commands.choices[group]
    inner = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return [word for action in inner for word in action.choices]
