"""Lines, curves, progress, artifacts and events, as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import strawberry

from application.lineage import Version
from application.log_reading import EventPage as Page
from application.log_reading import EventView, Histogram
from graphql_api.scalars import BIGGEST, JSON, Long
from graphql_api.types.workspace import File
from projections.rows import ArtifactRow
from projections.telemetry_queries import CurveRow, LineRow, Points, ProgressRow


@strawberry.type(description="One line of output. Numbers count from 1 per attempt and node.")
class LogLine:
    number: int
    at: datetime
    phase: str
    stream: str
    text: str

    @classmethod
    def of(cls, row: LineRow) -> LogLine:
        return cls(
            number=row.number,
            at=datetime.fromtimestamp(row.at, UTC),
            phase=row.phase,
            stream=row.stream,
            text=row.text,
        )


@strawberry.type(description="What is known of one metric, without its points.")
class Curve:
    name: str
    points: Long
    last_step: Long
    last_value: float | None = strawberry.field(description="Null when it is not a finite number.")

    @classmethod
    def of(cls, row: CurveRow) -> Curve:
        return cls(
            name=row.name,
            points=Long(row.points),
            last_step=Long(row.last_step),
            last_value=finite(row.last_value),
        )


@strawberry.type(description="Points of one metric as columns. `cursor` continues after them.")
class MetricPoints:
    name: str
    steps: list[Long]
    values: list[float | None]
    times: list[float]
    cursor: Long

    @classmethod
    def of(cls, name: str, points: Points) -> MetricPoints:
        return cls(
            name=name,
            steps=[Long(step) for step in points.steps],
            values=[finite(value) for value in points.values],
            times=list(points.times),
            cursor=Long(points.cursor),
        )


@strawberry.type(description="How far a job says it is.")
class Progress:
    percent: float
    message: str
    at: datetime

    @classmethod
    def of(cls, row: ProgressRow) -> Progress:
        return cls(percent=finite(row.percent) or 0.0, message=row.message, at=row.at)


@strawberry.type(description="Files a job saved. Download: GET /api/artifacts/<id>/<path>.")
class Artifact:
    id: strawberry.ID
    job_id: strawberry.ID
    attempt: int
    kind: str
    name: str
    size: Long
    step: Long | None
    files: list[File]
    metadata: JSON
    saved_at: datetime

    @classmethod
    def of(cls, row: ArtifactRow) -> Artifact:
        return cls(
            id=strawberry.ID(row.id),
            job_id=strawberry.ID(row.job),
            attempt=row.attempt,
            kind=row.kind,
            name=row.name,
            size=Long(row.size),
            step=None if row.step is None or row.step < 0 else Long(row.step),
            files=[File.of(file) for file in row.files],
            metadata=JSON(row.metadata),
            saved_at=row.saved_at,
        )


@strawberry.type(description="One save of a kind and name; `number` counts from 1, the oldest.")
class ArtifactVersion:
    number: int
    artifact: Artifact

    @classmethod
    def of(cls, version: Version) -> ArtifactVersion:
        return cls(number=version.number, artifact=Artifact.of(version.row))


@strawberry.type(description="One fact of the log.")
class Event:
    position: Long
    at: datetime
    recorded_at: datetime
    stream: str
    version: int
    name: str
    by: str
    who: str = strawberry.field(description="The same for people: a member's name.")
    cause: str = strawberry.field(description="The id of the command that led to it; often empty.")
    sentence: str = strawberry.field(description="What happened, told when it is read.")
    data: JSON

    @classmethod
    def of(cls, view: EventView) -> Event:
        return cls(
            position=Long(view.position),
            at=view.at,
            recorded_at=view.recorded_at,
            stream=view.stream,
            version=view.version,
            name=view.name,
            by=view.by,
            who=view.who,
            cause=view.cause,
            sentence=view.sentence,
            data=JSON(dict(view.data)),
        )


@strawberry.type(description="Events in order. Go on from `cursor`; `more` says: at once.")
class EventPage:
    events: list[Event]
    cursor: Long
    more: bool

    @classmethod
    def of(cls, page: Page) -> EventPage:
        return cls(
            events=[Event.of(view) for view in page.events],
            cursor=Long(min(page.cursor, BIGGEST)),
            more=page.more,
        )


@strawberry.type(
    description="Slice n holds the positions after `bounds[n]` up to `bounds[n + 1]`; all are equally long."
)
class EventHistogram:
    begin: datetime
    end: datetime
    counts: list[int]
    bounds: list[Long]

    @classmethod
    def of(cls, found: Histogram) -> EventHistogram:
        return cls(
            begin=found.begin,
            end=found.end,
            counts=list(found.counts),
            bounds=[Long(bound) for bound in found.bounds],
        )


def finite(value: float) -> float | None:
    """JSON has no infinities and no NaN."""
    return value if value - value == 0 else None
