"""What pages show, decided without a browser."""
