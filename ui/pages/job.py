"""stub"""
from ui.shell import Shell


async def job(shell: Shell) -> None:
    shell.crumbs(("job", "/job"))
