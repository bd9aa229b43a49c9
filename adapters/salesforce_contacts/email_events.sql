-- One row per address that bounced, and per deleted contact that had opted out: the address is still not to be mailed.
select
    row_number,
    'salesforce bounce ' || id as event_id,
    email_bounced_date as occurred_at,
    'bounced' as event_name,
    email
from contacts
where email_bounced_date is not null and email is not null
union all
select
    row_number,
    'salesforce opt-out ' || id,
    last_modified_date,
    'unsubscribed',
    email
from contacts
where
    is_yes(is_deleted) and master_record_id is null and email is not null
    -- Also what is neither yes nor no, because it may be a refusal.
    and not is_no(has_opted_out_of_email)
