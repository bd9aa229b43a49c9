-- One row per web event of a customer: with their login, or from a device that only they log in on.
with

events as (

    select
        events.event_id,
        events.occurred_at,
        events.event_name,
        events.event_kind,
        events.product_id,
        events.page,
        events.device_type,
        events.seconds,
        events.properties,
        coalesce(events.privacy_signal = 'gpc', false) as has_privacy_signal,
        case when events.account_id is null then visitors.known_at else events.occurred_at end as known_at,
        -- The choice is made here and not in the joins: a join that is not an equality compares all rows with all rows.
        case when events.account_id is null then visitors.customer_key else logins.customer_key end as customer_key
    from {{ ref('stg_web__events') }} as events
    left join {{ ref('int_identifiers') }} as logins
        on logins.id_type = 'account_id' and events.account_id = logins.id_value
    left join {{ ref('int_anonymous_visitors') }} as visitors on events.anonymous_id = visitors.anonymous_id

)

select
    event_id,
    customer_key,
    occurred_at,
    event_name,
    event_kind,
    product_id,
    page,
    device_type,
    seconds,
    properties,
    has_privacy_signal,
    known_at
from events
where customer_key is not null
