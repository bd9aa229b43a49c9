-- One row per web event of a customer: logged in, or from a device that is theirs alone.
with

events as (

    select
        events.event_id,
        events.occurred_at,
        events.event_name,
        events.product_id,
        coalesce(events.privacy_signal = 'gpc', false) as has_privacy_signal,
        case when events.account_id is null then visitors.known_at else events.occurred_at end as known_at,
        -- The joins know equality only: a condition on the event itself would compare all with all.
        case when events.account_id is null then visitors.customer_key else logins.customer_key end as customer_key
    from {{ ref('stg_web__events') }} as events
    left join {{ ref('int_identifiers') }} as logins
        on logins.id_type = 'account_id' and events.account_id = logins.id_value
    left join {{ ref('int_anonymous_visitors') }} as visitors on events.anonymous_id = visitors.anonymous_id

)

select
    cast(event_id as string) as event_id,
    cast(customer_key as string) as customer_key,
    cast(occurred_at as timestamp) as occurred_at,
    cast(event_name as string) as event_name,
    cast(product_id as string) as product_id,
    cast(has_privacy_signal as boolean) as has_privacy_signal,
    cast(known_at as timestamp) as known_at
from events
where customer_key is not null
