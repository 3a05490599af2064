"""stub"""
from ui.shell import Shell


async def experiments(shell: Shell) -> None:
    shell.crumbs(("experiments", "/experiments"))
