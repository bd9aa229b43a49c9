-- One row per change of a subscription to e-mail, and purpose.
with

changes as (

    select
        row_number,
        coalesce(fivetran_id, concat_ws(' ', recipient, timestamp, email_subscription_id)) as id,
        recipient,
        timestamp,
        upper(change) as change,
        coalesce(email_subscription_id, 'all') as subscription
    from subscription_changes
    where upper(change) not in ('BOUNCED', 'REPORTED_SPAM', 'NEVER_SUBSCRIBED') or change is null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- Until when a change counts: the next one of the same subscription.
periods as (

    select
        *,
        lead(timestamp) over (partition by recipient, subscription order by timestamp, id) as until
    from changes

),

-- A grant of one type of e-mail is none of marketing as long as another type is refused.
limited as (

    select distinct grants.id
    from periods as grants
    inner join periods as refusals
        on
            grants.recipient = refusals.recipient
            and grants.subscription <> refusals.subscription
            and refusals.change <> 'SUBSCRIBED'
            and refusals.timestamp <= grants.timestamp
            and coalesce(refusals.until > grants.timestamp, true)
    where grants.change = 'SUBSCRIBED'

)

select
    changes.row_number,
    changes.id as consent_event_id,
    'email' as id_type,
    changes.recipient as id_value,
    purposes.purpose,
    case changes.change
        when 'SUBSCRIBED' then 'granted'
        when 'UNSUBSCRIBED' then 'withdrawn'
        else changes.change
    end as status,
    changes.timestamp as decided_at,
    'hubspot' as consent_source
from changes
cross join (values ('email_marketing'), ('newsletter')) as purposes (purpose)
where changes.id not in (select id from limited)
