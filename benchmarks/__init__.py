"""Measurements side by side with the floor they cannot go below."""
