"""The composition root: settings, the store, web, worker, entry points."""
