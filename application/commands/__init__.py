"""One module per area; each function authorises, loads, decides and appends."""
