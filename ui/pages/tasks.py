"""stub"""
from ui.shell import Shell


async def tasks(shell: Shell) -> None:
    shell.crumbs(("tasks", "/tasks"))
