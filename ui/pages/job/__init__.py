"""The page of one job."""

from ui.pages.job.page import job

__all__ = ["job"]
