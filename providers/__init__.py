"""The outside world: compute providers and artifact stores behind two contracts."""
