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
        case upper(event_rows.type)
            when 'SENT' then 'sent'
            when 'DELIVERED' then 'delivered'
            when 'OPEN' then 'opened'
            when 'CLICK' then 'clicked'
            when 'SPAMREPORT' then 'complained'
            -- A full mailbox says nothing about the address.
            when 'BOUNCE' then
                case
                    when
                        bounce_rows.category in (
                            'THROTTLED', 'MAILBOX_FULL', 'GREYLISTING', 'TIMEOUT', 'TEMPORARY_PROBLEM'
                        )
                        then 'soft_bounce'
                    else 'bounced'
                end
            -- Why HubSpot did not send it: because of what the person did before.
            when 'DROPPED' then
                case
                    when drop_rows.reason like 'PREVIOUSLY_UNSUBSCRIBED%' then 'unsubscribed'
                    when drop_rows.reason = 'PREVIOUS_SPAM' then 'complained'
                    when drop_rows.reason in ('PREVIOUSLY_BOUNCED', 'INVALID_TO_ADDRESS') then 'bounced'
                end
            -- A change that is not known may be a refusal.
            when 'STATUSCHANGE' then
                case
                    when change_rows.is_bounced then 'bounced'
                    when
                        change_rows.status = 'SUBSCRIBED'
                        and not contains(coalesce(change_rows.subscriptions, ''), 'UNSUB')
                        then 'resubscribed'
                    else 'unsubscribed'
                end
        end as event_name
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
