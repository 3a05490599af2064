"""Colours, type and spacing of the pages."""
