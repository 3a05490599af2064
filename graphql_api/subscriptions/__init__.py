"""What may be followed. Each message carries where to go on from."""
