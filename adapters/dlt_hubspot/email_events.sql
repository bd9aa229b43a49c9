-- One row per deleted contact that had opted out of e-mail: its addresses are still not to be mailed.
select
    row_number,
    'hubspot opt-out ' || record_id as event_id,
    last_modified_date as occurred_at,
    'unsubscribed' as event_name,
    hubspot_addresses(email, additional_email_addresses) as email
from contacts
where
    is_yes(is_deleted)
    and hubspot_addresses(email, additional_email_addresses) is not null
    and len(hubspot_refusals(unsubscribed_from_all_email, opted_out_of_email)) > 0
