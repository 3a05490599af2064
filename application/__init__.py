"""Use cases: commands, processes, pollers, authorised queries. No web, no SQL."""
