"""Decisions, and nothing else: frozen events, pure deciders, no clock, no I/O, no randomness."""
