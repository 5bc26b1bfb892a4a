"""The company's Jira over all time: issues planned, worked, changed and finished in two-week sprints. Cut at the clock by its user."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from sandbox import plan
from sandbox.tables import (
    POINTS_FIELD,
    REPORTING_ZONE,
    SPRINT_FIELD,
    STATUSES,
    BoardRecord,
    Change,
    IssueRecord,
    JiraSite,
    LinkRecord,
    SprintRecord,
    VersionRecord,
    WorklogRecord,
)

PROJECTS = {"WEB": "Website", "APP": "Application", "OPS": "Operations"}
BOARDS = [BoardRecord("4", "WEB board", "WEB"), BoardRecord("5", "APP board", "APP"), BoardRecord("6", "OPS flow", "OPS", "kanban")]
TODO, DOING, REVIEW, BLOCKED, DONE, DROPPED = "10000", "10001", "10002", "10004", "10003", "10005"
POINTS = (1.0, 2.0, 3.0, 5.0, 8.0)
KPI_LABELS = ("kpi:conversion_rate", "kpi:site_speed", "kpi:activation_rate", "kpi:revenue_per_session")
VERBS = ("Speed up", "Rework", "Measure", "Simplify", "Test", "Translate", "Document", "Move")
THINGS = (
    "checkout form",
    "product gallery",
    "pricing table",
    "search results",
    "sign-up flow",
    "cart page",
    "invoice export",
    "navigation",
    "blog templates",
    "team settings",
)
NEW_EACH_SPRINT = 8


@dataclass(slots=True)
class _Board:
    """A scrum team's work: what waits, what is carried over, and where counting stands."""

    project: str
    board_id: str
    issues: list[IssueRecord] = field(default_factory=list)
    backlog: list[IssueRecord] = field(default_factory=list)
    carried: list[IssueRecord] = field(default_factory=list)
    changes: int = 0

    @property
    def digit(self) -> str:
        return self.board_id

    def change(
        self,
        issue: IssueRecord,
        at: datetime,
        field_name: str,
        field_id: str,
        old: tuple[str | None, str | None],
        new: tuple[str | None, str | None],
    ) -> None:
        """Write one history entry; old and new are (id, name)."""
        self.changes += 1
        issue.changes.append(Change(f"{self.digit}{self.changes:06d}", at, field_name, field_id, *old, *new))


def make_site(seed: int, start: date, now: datetime) -> JiraSite:
    """Return Jira as it is known at `now`: later issues, changes and links do not exist yet, plans for later do."""
    sprints = {board.project: _sprints(board, start, now) for board in BOARDS if board.type == "scrum"}
    teams = [_worked(seed, board, sprints[board.project], start) for board in BOARDS if board.type == "scrum"]
    teams.append(_flow(seed, BOARDS[2], start, now))
    issues = [_cut(issue, now) for team in teams for issue in team.issues if issue.created <= now]
    every = [sprint for listed in sprints.values() for sprint in listed]
    for sprint in every:
        if sprint.completed_at is not None and sprint.completed_at > now:
            sprint.completed_at = None
    links = [link for link in _links(seed, issues) if link.created <= now]
    return JiraSite(dict(PROJECTS), list(BOARDS), every, _versions(start, now), issues, links, _worklogs(issues))


def _local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), REPORTING_ZONE).astimezone(UTC)


def _sprints(board: BoardRecord, start: date, now: datetime) -> list[SprintRecord]:
    """Return the sprints from the first Monday to one that begins after the clock."""
    first = start + timedelta(days=-start.weekday() % 7)
    found: list[SprintRecord] = []
    while True:
        number = len(found) + 1
        monday = first + timedelta(days=14 * (number - 1))
        friday = monday + timedelta(days=11)
        late = 7 + 13 * number % 50
        completed = _local(friday, 16) + timedelta(minutes=late)
        goal = f"{VERBS[number % len(VERBS)]} the {THINGS[number % len(THINGS)]}"
        found.append(
            SprintRecord(
                f"{board.id}{number:02d}",
                board.id,
                f"{board.project} Sprint {number}",
                _local(monday, 9),
                _local(friday, 16),
                completed,
                goal,
            )
        )
        if found[-1].start_at > now + timedelta(days=14):
            return found


def _worked(seed: int, board: BoardRecord, sprints: list[SprintRecord], start: date) -> _Board:
    """Let a team plan and work its sprints one after the other; a sprint depends only on those before it."""
    team = _Board(board.project, board.id)
    rng = np.random.default_rng([seed, 2, int(board.id)])
    for number in range(4):
        _create(team, rng, _local(start, 7, number), "Epic", epic=None)
    for number, sprint in enumerate(sprints):
        dice = np.random.default_rng([seed, 3, int(board.id), number])
        _refine(team, dice, sprint, start)
        members = _plan_sprint(team, dice, sprint)
        _change_scope(team, dice, sprint, members)
        left = [issue for issue in members if not _work(team, dice, sprint, issue)]
        team.carried = [issue for issue in left if issue.status not in (DONE, DROPPED)]
    return team


def _create(team: _Board, rng: np.random.Generator, at: datetime, kind: str, epic: str | None) -> IssueRecord:
    number = len(team.issues) + 1
    title = f"{VERBS[rng.integers(len(VERBS))]} the {THINGS[rng.integers(len(THINGS))]}"
    labels = [KPI_LABELS[rng.integers(len(KPI_LABELS))]] if kind == "Story" and rng.random() < 0.35 else []
    labels += ["customer"] if rng.random() < 0.2 else []
    points = (
        float(POINTS[rng.choice(len(POINTS), p=(0.18, 0.27, 0.28, 0.19, 0.08))])
        if kind in ("Story", "Task") or rng.random() < 0.6
        else None
    )
    issue = IssueRecord(
        id=f"{team.digit}{number:04d}", key=f"{team.project}-{number}", project=team.project, type=kind, summary=title if kind != "Epic" else f"Epic: {title}",
        created=at, status=TODO, points=None if kind == "Epic" else points, labels=tuple(labels), epic=epic,
    )  # fmt: skip
    team.issues.append(issue)
    return issue


def _refine(team: _Board, rng: np.random.Generator, sprint: SprintRecord, start: date) -> None:
    """Write new issues in the two weeks before the sprint."""
    epics = [issue.id for issue in team.issues if issue.type == "Epic"]
    earliest = max(_local(start, 8), sprint.start_at - timedelta(days=13))
    span = (sprint.start_at - timedelta(hours=20) - earliest).total_seconds()
    moments = sorted(earliest + timedelta(seconds=max(span, 3600.0) * float(share)) for share in rng.random(NEW_EACH_SPRINT))
    for at in moments:
        kind = str(rng.choice(["Story", "Task", "Bug"], p=[0.55, 0.2, 0.25]))
        issue = _create(team, rng, at.replace(microsecond=0), kind, epics[rng.integers(len(epics))] if rng.random() < 0.6 else None)
        issue.version = _next_version(team.project, sprint.start_at.astimezone(REPORTING_ZONE).date(), start)
        if rng.random() < 0.15:
            issue.due = sprint.end_at.date() + timedelta(days=int(rng.integers(0, 20)))
        team.backlog.append(issue)


def _next_version(project: str, day: date, start: date) -> str | None:
    for number, release in enumerate(plan.RELEASES):
        if release.project == project and start + timedelta(days=release.day) > day:
            return _version_id(number)
    return None


def _plan_sprint(team: _Board, rng: np.random.Generator, sprint: SprintRecord) -> list[IssueRecord]:
    """Put the carried and the oldest waiting issues into the sprint; now and then one is done before it begins."""
    members = []
    for issue in team.carried:
        _join(team, issue, sprint, sprint.start_at - timedelta(minutes=int(rng.integers(40, 200))))
        members.append(issue)
    room = max(3, 9 - len(members))
    for issue in team.backlog[:room]:
        _join(team, issue, sprint, sprint.start_at - timedelta(minutes=int(rng.integers(5, 1000))))
        members.append(issue)
    del team.backlog[:room]
    if rng.random() < 0.35:
        early = members[-1]
        if not any(change.field_id == "status" for change in early.changes):
            _move(team, early, DOING, sprint.start_at - timedelta(minutes=4))
            _move(team, early, DONE, sprint.start_at - timedelta(minutes=1))
    return members


def _sprint_ids(issue: IssueRecord) -> list[str]:
    return [part.strip() for part in (issue.sprint or "").split(",") if part.strip()]


def _join(team: _Board, issue: IssueRecord, sprint: SprintRecord, at: datetime) -> None:
    _sprint_change(team, issue, [*_sprint_ids(issue), sprint.id], at)


def _leave(team: _Board, issue: IssueRecord, sprint: SprintRecord, at: datetime) -> None:
    _sprint_change(team, issue, [part for part in _sprint_ids(issue) if part != sprint.id], at)


def _sprint_change(team: _Board, issue: IssueRecord, after: list[str], at: datetime) -> None:
    """Jira writes the whole list of sprints, old and new, as text."""
    before = _sprint_ids(issue)
    old, new = ((", ".join(ids), ", ".join(f"{team.project} Sprint {int(part[1:])}" for part in ids)) for ids in (before, after))
    team.change(issue, at, "Sprint", SPRINT_FIELD, old, new)
    issue.sprint = ", ".join(after) or None


def _move(team: _Board, issue: IssueRecord, status: str, at: datetime) -> None:
    team.change(issue, at, "status", "status", (issue.status, STATUSES[issue.status][0]), (status, STATUSES[status][0]))
    issue.status = status


def _estimate(team: _Board, issue: IssueRecord, points: float, at: datetime) -> None:
    """Number fields have no ids in the history, only texts."""
    old = None if issue.points is None else f"{issue.points:g}"
    team.change(issue, at, "Story point estimate", POINTS_FIELD, (None, old), (None, f"{points:g}"))
    issue.points = points


def _inside(rng: np.random.Generator, sprint: SprintRecord, first: int, last: int) -> datetime:
    """Return a working moment between two working days of the sprint, counted from 0."""
    days = [n for n in range(12) if n % 7 < 5][first : last + 1]
    day = sprint.start_at.astimezone(REPORTING_ZONE).date() + timedelta(days=int(days[rng.integers(len(days))]))
    return _local(day, int(rng.integers(9, 16)), int(rng.integers(60))) + timedelta(minutes=30)


def _change_scope(team: _Board, rng: np.random.Generator, sprint: SprintRecord, members: list[IssueRecord]) -> None:
    """Remove, re-estimate and add while the sprint runs."""
    if rng.random() < 0.6:
        waiting = [issue for issue in members if issue.status == TODO]
        if waiting:
            gone = waiting[rng.integers(len(waiting))]
            _leave(team, gone, sprint, _inside(rng, sprint, 0, 1))
            members.remove(gone)
            team.backlog.append(gone)
    for issue in members:
        if issue.points is not None and issue.status == TODO and rng.random() < 0.12:
            bigger = [points for points in POINTS if points != issue.points]
            _estimate(team, issue, float(bigger[rng.integers(len(bigger))]), _inside(rng, sprint, 0, 1))
    for _ in range(int(rng.poisson(1.3))):
        if team.backlog and team.backlog[0].created < sprint.start_at:
            issue = team.backlog.pop(0)
            last = issue.changes[-1].at if issue.changes else issue.created
            at = _inside(rng, sprint, 1, 3)
            if last < at:
                _join(team, issue, sprint, at)
                members.append(issue)
            else:
                team.backlog.append(issue)


def _work(team: _Board, rng: np.random.Generator, sprint: SprintRecord, issue: IssueRecord) -> bool:
    """Work on an issue in the sprint; return whether it left it finished."""
    if issue.status == DONE:
        return True
    at = max(_inside(rng, sprint, 2, 4), (issue.changes[-1].at if issue.changes else issue.created) + timedelta(minutes=20))
    end = sprint.end_at - timedelta(minutes=30)
    if issue.status == TODO:
        if rng.random() < 0.1:
            return False
        if rng.random() < 0.05:
            _move(team, issue, DROPPED, at)
            return True
        _move(team, issue, DOING, at)
    elif issue.status == BLOCKED:
        _move(team, issue, DOING, at)
    if rng.random() < 0.15:
        at = _later(rng, at, 4, 20)
        if at < end:
            _move(team, issue, BLOCKED, at)
            at = _later(rng, at, 6, 50)
            if at < end:
                _move(team, issue, DOING, at)
    if issue.status == BLOCKED:
        return False
    return _finish(team, rng, issue, at, end)


def _later(rng: np.random.Generator, at: datetime, least: int, most: int) -> datetime:
    return (at + timedelta(hours=float(rng.uniform(least, most)))).replace(second=0, microsecond=0)


def _finish(team: _Board, rng: np.random.Generator, issue: IssueRecord, at: datetime, end: datetime) -> bool:
    """Review and finish, if the time suffices; sometimes it is opened again."""
    effort = 8.0 * (issue.points or 2.0) ** 0.8
    at = _later(rng, at, int(effort * 0.5) + 2, int(effort * 1.8) + 8)
    if at >= end:
        return False
    if issue.status == DOING:
        _move(team, issue, REVIEW, at)
    at = _later(rng, at, 2, 26)
    if at >= end:
        return False
    _move(team, issue, DONE, at)
    again = _later(rng, at, 10, 40)
    if rng.random() < 0.08 and again < end:
        _move(team, issue, DOING, again)
        fixed = _later(rng, again, 4, 20)
        if fixed >= end:
            return False
        _move(team, issue, DONE, fixed)
    return True


def _flow(seed: int, board: BoardRecord, start: date, now: datetime) -> _Board:
    """Let the operations team pull one issue after the other, without sprints."""
    team = _Board(board.project, board.id)
    number = 0
    while True:
        rng = np.random.default_rng([seed, 4, number])
        at = _local(start + timedelta(days=6 * number), int(rng.integers(8, 17)), int(rng.integers(60)))
        if at > now:
            return team
        issue = _create(team, rng, at, str(rng.choice(["Task", "Bug"])), None)
        begun = _later(rng, at, 3, 60)
        _move(team, issue, DOING, begun)
        _move(team, issue, DONE, _later(rng, begun, 4, 120))
        number += 1


def _version_id(number: int) -> str:
    return str(20_100 + number)


def _versions(start: date, now: datetime) -> list[VersionRecord]:
    """Return the releases up to the clock and the plans of the next weeks; the last one before the clock was planned earlier."""
    today, found = now.astimezone(REPORTING_ZONE).date(), []
    for number, release in enumerate(plan.RELEASES):
        day = start + timedelta(days=release.day)
        if day > today + timedelta(days=120):
            break
        released = day if day < today else None
        found.append(
            VersionRecord(_version_id(number), release.project, release.name, day, released, release.description, dict(release.effect_ms))
        )
    return found


def _cut(issue: IssueRecord, now: datetime) -> IssueRecord:
    """Return the issue with the changes up to the clock, its own fields as they were at its creation."""
    issue.changes.sort(key=lambda change: (change.at, change.id))
    issue.status, issue.sprint = TODO, None
    estimates = [change for change in issue.changes if change.field_id == POINTS_FIELD]
    if estimates:
        issue.points = None if estimates[0].from_name is None else float(estimates[0].from_name)
    issue.changes = [change for change in issue.changes if change.at <= now]
    return issue


def _links(seed: int, issues: list[IssueRecord]) -> list[LinkRecord]:
    """Let some application stories wait for website stories, and the other way round."""
    stories = {project: [i for i in issues if i.project == project and i.type == "Story"] for project in ("WEB", "APP")}
    found = []
    for number, blocker in enumerate(stories["WEB"]):
        rng = np.random.default_rng([seed, 5, number])
        near = [i for i in stories["APP"] if blocker.created <= i.created <= blocker.created + timedelta(days=14)]
        if near and rng.random() < 0.22:
            other = near[0]
            pair = (blocker.id, other.id) if rng.random() < 0.7 else (other.id, blocker.id)
            found.append(LinkRecord(f"30{number:04d}", *pair, created=max(blocker.created, other.created) + timedelta(hours=1)))
    return found


def _worklogs(issues: list[IssueRecord]) -> list[WorklogRecord]:
    """Let everybody who finishes an item book two hours a point on it."""
    finished = [(issue, change) for issue in issues for change in issue.changes if change.field_id == "status" and change.to == DONE]
    return [
        WorklogRecord(str(70_000 + n), issue.id, change.at - timedelta(hours=2), int(7_200 * (issue.points or 1.0)), change.at)
        for n, (issue, change) in enumerate(finished)
    ]
