"""The API: translates, never decides."""
