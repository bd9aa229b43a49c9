-- One row per cookie or device that exactly one customer has logged in from, and when they first did. A device that
-- several people log in from belongs to no customer. That remains so when one of them is erased: their login still
-- counts.
select
    events.anonymous_id,
    min(identifiers.customer_key) as customer_key,
    min(events.occurred_at) as known_at
from {{ ref('stg_web__events') }} as events
left join {{ ref('int_identifiers') }} as identifiers
    on identifiers.id_type = 'account_id' and events.account_id = identifiers.id_value
where events.anonymous_id is not null and events.account_id is not null
group by events.anonymous_id
having
    count(distinct coalesce(identifiers.customer_key, 'unknown ' || events.account_id)) = 1
    and min(identifiers.customer_key) is not null
