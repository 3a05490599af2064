"""stub"""
from ui.shell import Shell


async def task(shell: Shell, id: str) -> None:
    shell.crumbs(("quota", "/quota"))


async def new_task(shell: Shell) -> None:
    shell.crumbs(("quota", "/quota"))
