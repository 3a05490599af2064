"""One stored event per name and version that ever shipped, and the script that adds new ones."""
