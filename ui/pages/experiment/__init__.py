"""The page of one experiment."""

from ui.pages.experiment.page import experiment

__all__ = ["experiment"]
