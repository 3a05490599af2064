"""stub"""
from ui.shell import Shell


async def quota(shell: Shell) -> None:
    shell.crumbs(("quota", "/quota"))
