"""A past window of the log under other limits, weights, priorities or slots: what would have been."""
