-- One row per address that Mailchimp stopped writing to because its mail came back.
select
    row_number,
    'mailchimp cleaned ' || leid as event_id,
    clean_time as occurred_at,
    'bounced' as event_name,
    email_address as email
from members
where clean_time is not null
