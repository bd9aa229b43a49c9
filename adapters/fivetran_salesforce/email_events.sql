-- One row per contact or lead whose address bounced.
select
    max(row_number) as row_number,
    'bounce of ' || id as event_id,
    email_bounced_date as occurred_at,
    'bounced' as event_name,
    email
from (
    select row_number, id, email, email_bounced_date from people
    union all
    select row_number, id, email, email_bounced_date from leads
) as bounced
where email_bounced_date is not null and email is not null
group by id, email_bounced_date, email
