"""Count up the events of before: the signs of each message, then the tallies of each issue."""

from django.db import migrations

_HOURS = {
    "postgresql": "date_trunc('hour', {0} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
    "sqlite": "strftime('%Y-%m-%d %H:00:00', {0})",
}
_SIGNS = """
INSERT INTO newsletter_sign (message_id, kind, link_id, events, human, folded, first_at, last_at, first_human_at)
SELECT message_id, kind, {link}, COUNT(*), SUM({human}), 0, MIN(at), MAX(at), CASE WHEN SUM({human}) > 0 THEN MIN(at) END
FROM newsletter_event WHERE {which} GROUP BY message_id, kind{by}
"""
_TALLIES = """
INSERT INTO newsletter_tally (issue_id, kind, link_id, hour, events, human, messages, readers)
SELECT issue, kind, link, hour, SUM(events), SUM(human), SUM(messages), SUM(readers) FROM (
    SELECT issue_id AS issue, kind, {link} AS link, {hour_of_event} AS hour,
        1 AS events, {human} AS human, 0 AS messages, 0 AS readers
    FROM newsletter_event WHERE {which}
    UNION ALL
    SELECT m.issue_id, s.kind, s.link_id, {hour_of_sign}, 0, 0, 1, CASE WHEN s.first_human_at IS NULL THEN 0 ELSE 1 END
    FROM newsletter_sign s JOIN newsletter_message m ON m.id = s.message_id WHERE s.link_id {is_link}
) AS found GROUP BY issue, kind, link, hour
"""
# Whoever opened or clicked was not judged then, and counts as before.
_HUMAN = "CASE WHEN kind IN ('open', 'click') THEN 1 ELSE 0 END"
_WAYS = (
    {"link": "CAST(NULL AS bigint)", "which": "true", "by": "", "is_link": "IS NULL"},
    {"link": "link_id", "which": "link_id IS NOT NULL", "by": ", link_id", "is_link": "IS NOT NULL"},
)


def count(apps, schema_editor):
    """One statement for each table and way, on the database's own ground."""
    hour = _HOURS[schema_editor.connection.vendor]
    schema_editor.execute("UPDATE newsletter_event SET judged = 'human' WHERE kind IN ('open', 'click')")
    for way in _WAYS:
        schema_editor.execute(_SIGNS.format(human=_HUMAN, **way))
        schema_editor.execute(
            _TALLIES.format(human=_HUMAN, hour_of_event=hour.format("at"), hour_of_sign=hour.format("s.first_at"), **way)
        )


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0017_events")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop, elidable=True)]
