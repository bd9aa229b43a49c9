-- One row per address that bounced, and per complaint, where the export says when.
with

suppressed as (

    select *, lower(email_suppressions) as suppressions
    from profiles
    where email_suppressions_timestamp is not null and email is not null

)

select
    row_number,
    'klaviyo bounce ' || klaviyo_id as event_id,
    email_suppressions_timestamp as occurred_at,
    'bounced' as event_name,
    email
from suppressed
where regexp_matches(suppressions, 'bounce|invalid')
union all
select
    row_number,
    'klaviyo complaint ' || klaviyo_id,
    email_suppressions_timestamp,
    'complained',
    email
from suppressed
where regexp_matches(suppressions, 'spam|complain')
