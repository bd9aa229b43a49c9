-- One row per event of an e-mail.
with

event_rows as (

    select
        *,
        hubspot_event(
            type, category, drop_reason, is_yes(bounced), portal_subscription_status, subscriptions
        ) as event_name
    from event_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

bounces_and_complaints as (

    select * from changes_of('change_stream')
    where change in ('BOUNCED', 'REPORTED_SPAM')
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as event_id,
    created as occurred_at,
    event_name,
    recipient as email,
    email_campaign_id as campaign_id,
    -- HubSpot leaves such events out of its reports: they are by machines, or by colleagues.
    case when event_name in ('opened', 'clicked') and is_yes(filtered_event) then 'true' end as machine
from event_rows
where event_name is not null
union all
select
    row_number,
    id,
    timestamp,
    case when change = 'BOUNCED' then 'bounced' else 'complained' end,
    recipient,
    null,
    null
from bounces_and_complaints
