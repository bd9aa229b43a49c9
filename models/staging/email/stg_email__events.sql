-- One row per event of an e-mail that was sent: delivered, opened, clicked, bounced and so on.
select
    event_id,
    occurred_at,
    event_name,
    email,
    campaign_id,
    -- Yes, or the name of the program; no, or empty where it was a person.
    coalesce(
        lower(machine) not in (
            'false', 'f', 'no', 'n', '0', '0.0', 'off', 'nein', 'non', 'none', 'human', 'user', 'person', 'unknown',
            'null', 'nan', 'na', 'n/a', '#n/a', '<na>', 'nat', 'nil', '-', ''
        ),
        false
    ) as is_reported_machine
from {{ latest_version('email_events', ['event_id'], event_at='occurred_at') }}
