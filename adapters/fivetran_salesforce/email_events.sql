-- One row per bounce of a contact or lead, and per deleted one that had opted out: its address is still not mailed.
with

person_rows as (

    select
        row_number, id, email, email_bounced_date, has_opted_out_of_email, last_modified_date,
        (is_yes(is_deleted) or is_yes(fivetran_deleted)) and master_record_id is null as is_gone
    from people
    union all
    select
        row_number, id, email, email_bounced_date, has_opted_out_of_email, last_modified_date,
        (is_yes(is_deleted) or is_yes(fivetran_deleted)) and coalesce(master_record_id, converted_contact_id) is null
    from leads

)

select
    max(row_number) as row_number,
    'bounce of ' || id as event_id,
    email_bounced_date as occurred_at,
    'bounced' as event_name,
    email
from person_rows
where email_bounced_date is not null and email is not null
group by id, email_bounced_date, email
union all
select
    max(row_number),
    'opt-out of ' || id,
    max(last_modified_date),
    'unsubscribed',
    email
from person_rows
-- Also what is neither yes nor no, because it may be a refusal.
where is_gone and not is_no(has_opted_out_of_email) and email is not null
group by id, email
