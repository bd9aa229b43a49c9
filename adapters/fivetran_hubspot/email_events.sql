-- One row per event of an e-mail.
with

event_rows as (

    select * from email_event_rows
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

bounce_rows as (

    select id, max(upper(category)) as category from bounces group by id

),

drop_rows as (

    select id, max(upper(drop_reason)) as reason from drops group by id

),

change_rows as (

    select
        id,
        max(upper(portal_subscription_status)) as status,
        max(subscriptions) as subscriptions,
        bool_or(is_yes(bounced)) as is_bounced
    from status_changes
    group by id

),

named as (

    select
        event_rows.*,
        hubspot_event(
            event_rows.type,
            bounce_rows.category,
            drop_rows.reason,
            change_rows.is_bounced,
            change_rows.status,
            change_rows.subscriptions
        ) as event_name
    from event_rows
    left join bounce_rows on event_rows.id = bounce_rows.id
    left join drop_rows on event_rows.id = drop_rows.id
    left join change_rows on event_rows.id = change_rows.id

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
from named
where event_name is not null
union all
select
    row_number,
    coalesce(fivetran_id, concat_ws(' ', recipient, timestamp, email_subscription_id)),
    timestamp,
    case when upper(change) = 'BOUNCED' then 'bounced' else 'complained' end,
    recipient,
    null,
    null
from subscription_changes
where upper(change) in ('BOUNCED', 'REPORTED_SPAM')
