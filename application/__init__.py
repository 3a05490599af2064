"""Use cases: commands, pollers, authorised reads. No web, no SQL."""
