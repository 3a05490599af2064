"""Measured side by side with a floor: every benchmark returns rows against a stated budget."""
