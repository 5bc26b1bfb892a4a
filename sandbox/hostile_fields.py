"""Which texts of the vendors the hostile company makes hostile, and why the others cannot be.

A key of Jira is PROJECT-123 by its form: letters, digits and underscores that a person types once, and a number that Jira counts; so are
ids (decimal numbers), states of sprints, and the time zone of a Google Analytics property, which must be a known one before anything is
read. Names of people (assignees, reporters, authors) and comments are never read.
"""

from __future__ import annotations

HOSTILE: dict[str, tuple[str, ...]] = {
    "web_traffic": ("device", "channel", "landing_page", "campaign"),
    "web_vitals": ("device", "page", "rating"),
    "events": ("user_id", "event", "device", "channel", "page", "properties", "dedupe_key"),
    "work_items": ("title", "type", "status", "labels", "kpi"),
    "status_changes": ("from_status", "to_status"),
    "sprints": ("board", "name", "goal"),
    "releases": ("name", "description"),
    "dependencies": ("type",),
    "profiles": ("id", "properties"),
    "funnel_steps": ("event",),
}
"""Table → its columns that hold a vendor's free text. Beside them: the currency of a property, the devices and titles of pages of the live
report, and what a vendor says when it refuses."""

ID, KEY, OURS, CLOSED = "a number by contract", "letters, digits and a dash by contract", "written by us", "one of a few words by contract"
UNFILLED = "no connector fills it"
NOT_HOSTILE: dict[str, dict[str, str]] = {
    "web_vitals": {"metric": "only the five names that are asked for come"},
    "work_items": {
        "id": ID, "key": KEY, "url": "our address and a key", "project": KEY, "status_category": OURS, "epic": ID, "release_id": ID,
    },
    "status_changes": {"item_id": ID, "from_category": OURS, "to_category": OURS},
    "sprints": {"id": ID, "state": CLOSED},
    "sprint_items": {"sprint_id": ID, "item_id": ID},
    "releases": {"id": ID, "project": KEY, "url": "our address, a key and a number"},
    "dependencies": {"blocker_id": ID, "blocked_id": ID},
    "item_keys": {"item_id": ID, "key": KEY, "project": KEY},
    "sprint_reports": {"sprint_id": ID, "item_id": ID, "outcome": OURS},
    "worklogs": {"id": ID, "item_id": ID},
    "funnel_steps": {"funnel_id": "digits that sources.yaml names"},
    "retention_cohorts": {"name": "named in sources.yaml"},
    "campaigns": dict.fromkeys(("id", "name", "channel", "url"), UNFILLED),
    "milestones": dict.fromkeys(("id", "name", "channel", "url"), UNFILLED),
}  # fmt: skip
"""Table → column → why a vendor cannot make it hostile."""
