"""stub"""
from ui.shell import Shell


async def launch(shell: Shell) -> None:
    shell.crumbs(("launch", "/launch"))
