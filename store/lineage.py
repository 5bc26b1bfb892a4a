"""Where each canonical column comes from: the vendor's field, by connector. In words for people; the connectors themselves are the proof."""

from __future__ import annotations

from collections.abc import Mapping

LINEAGE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "ga4": {
        "web_traffic": {
            "day": "date",
            "device": "deviceCategory",
            "channel": "sessionDefaultChannelGroup",
            "landing_page": "landingPage",
            "campaign": "sessionCampaignName",
            "sessions": "sessions",
            "engaged_sessions": "engagedSessions",
            "total_users": "totalUsers",
            "new_users": "newUsers",
            "key_events": "keyEvents",
            "revenue": "purchaseRevenue",
        },
        "web_vitals": {
            "day": "date",
            "device": "deviceCategory",
            "page": "pagePath",
            "metric": "eventName",
            "rating": "customEvent:metric_rating",
            "events": "eventCount",
            "value_sum": "eventValue",
        },
    },
    "mixpanel": {
        "events": {
            "time": "time, read in the project's zone when it was made before 2023",
            "day": "time, as a day of the reporting zone",
            "user_id": "distinct_id",
            "event": "event",
            "device": "the property that sources.yaml names for device",
            "channel": "the property that sources.yaml names for channel",
            "page": "the property that sources.yaml names for page",
            "lcp_ms": "the property that sources.yaml names for lcp_ms",
            "revenue": "the property that sources.yaml names for revenue",
            "properties": "all properties",
            "dedupe_key": "event, distinct_id, time and $insert_id",
            "received_at": "mp_processing_time_ms",
        },
    },
    "jira": {
        "work_items": {
            "id": "issue id",
            "key": "issue key",
            "url": "issue key",
            "title": "summary",
            "type": "issuetype.name",
            "project": "project.key",
            "status": "status.name",
            "status_category": "status category, status name and resolution",
            "points": "the story points field",
            "epic": "parent, when it is an epic",
            "labels": "labels",
            "kpi": "a label kpi:<id>",
            "release_id": "the first of fixVersions",
            "created_at": "created",
            "started_at": "changelog: first entry to an in-progress status",
            "done_at": "changelog: last entry to a done status",
            "due_date": "duedate",
            "deleted_at": "missing from a later full search",
            "cycle_days": "changelog: first in-progress to last done",
            "lead_days": "created, and changelog: last done",
        },
        "status_changes": {
            "item_id": "issue id",
            "at": "changelog: created",
            "from_status": "changelog: fromString",
            "to_status": "changelog: toString",
            "from_category": "category of the status left",
            "to_category": "category of the status entered",
        },
        "sprints": {
            "id": "sprint id",
            "board": "board name",
            "name": "sprint name",
            "state": "state",
            "start_at": "startDate",
            "end_at": "endDate",
            "completed_at": "completeDate",
            "goal": "goal",
        },
        "sprint_items": {
            "sprint_id": "sprint id",
            "item_id": "issue id",
            "day": "completeDate, else endDate",
            "added_at": "changelog of the sprint field",
            "removed_at": "changelog of the sprint field",
            "committed": "changelog of the sprint field at startDate",
            "completed": "changelog of status and sprint at completeDate",
            "points_at_start": "changelog of the story points field at startDate",
            "points_at_end": "changelog of the story points field at completeDate",
            "completed_outside": "changelog of status and sprint",
        },
        "releases": {
            "id": "version id",
            "project": "project.key",
            "name": "version name",
            "planned_on": "releaseDate",
            "released_on": "releaseDate, once it is released",
            "released": "released",
            "description": "description",
            "url": "version id",
        },
        "dependencies": {"blocker_id": "issuelinks: blocks", "blocked_id": "issuelinks: is blocked by", "type": "issuelinks: type name"},
    },
}
"""connector → table → column → field of the vendor."""


def vendor_fields(table: str, column: str) -> tuple[tuple[str, str], ...]:
    """Return (connector, field) for every vendor that fills a column; () for a column that none fills."""
    return tuple((name, tables[table][column]) for name, tables in LINEAGE.items() if column in tables.get(table, {}))
