-- One row per identifier that a consent event, an unsubscribe or a complaint names, as written, and when it first did.
-- It is a record of its own, so that a decision of somebody unknown is kept, and counts as soon as the person appears.
select
    id_type,
    id_value,
    min(decided_at) as decided_at,
    bool_or(is_grant) as has_grant
from (
    select id_type, id_value, decided_at, status = 'granted' as is_grant from {{ ref('stg_consent__events') }}
    -- A customer's key is made of identifiers, and is none.
    where id_type <> 'customer_key'
    union all
    select 'email', email, occurred_at, false from {{ ref('stg_email__events') }}
    where event_name in ('unsubscribed', 'complained')
) as decisions
group by id_type, id_value
