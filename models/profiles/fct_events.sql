-- One row per web event of a customer: logged in, or from a device that is theirs alone.
select
    cast(events.event_id as string) as event_id,
    cast(coalesce(logins.customer_key, visitors.customer_key) as string) as customer_key,
    cast(events.occurred_at as timestamp) as occurred_at,
    cast(events.event_name as string) as event_name,
    cast(events.product_id as string) as product_id
from {{ ref('stg_web__events') }} as events
left join {{ ref('int_identifiers') }} as logins
    on logins.id_type = 'account_id' and events.account_id = logins.id_value
left join {{ ref('int_anonymous_visitors') }} as visitors
    on events.account_id is null and events.anonymous_id = visitors.anonymous_id
where coalesce(logins.customer_key, visitors.customer_key) is not null
