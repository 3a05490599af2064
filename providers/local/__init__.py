"""Local: the machine that hosts Labledger, with slots by CPU, memory and accelerator."""
