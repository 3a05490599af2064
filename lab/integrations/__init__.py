"""Bridges to training libraries. None of them is imported here; each bridge is shaped like its host."""
