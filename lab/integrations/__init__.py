"""Bridges to training libraries. None of them is imported here: a bridge is made to its shape."""
