"""Process managers, named as sentences: events in, commands out."""
