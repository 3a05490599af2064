"""Every projection of the product, by name."""

from __future__ import annotations

from projections.base import Projection
from projections.channels import CHANNELS_PROJECTION
from projections.desks import DESKS_PROJECTION
from projections.jobs import JOBS_PROJECTION
from projections.workspace import WORKSPACE_PROJECTION

PROJECTIONS: tuple[Projection, ...] = (
    JOBS_PROJECTION,
    WORKSPACE_PROJECTION,
    CHANNELS_PROJECTION,
    DESKS_PROJECTION,
)
