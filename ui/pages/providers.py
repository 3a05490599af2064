"""stub"""
from ui.shell import Shell


async def providers(shell: Shell) -> None:
    shell.crumbs(("providers", "/providers"))
