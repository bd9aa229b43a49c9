-- One row per cookie or device that exactly one customer has logged in from. A shared tablet is nobody's.
select
    events.anonymous_id,
    min(identifiers.customer_key) as customer_key
from {{ ref('stg_web__events') }} as events
inner join {{ ref('int_identifiers') }} as identifiers
    on identifiers.id_type = 'account_id' and events.account_id = identifiers.id_value
where events.anonymous_id is not null
group by events.anonymous_id
having count(distinct identifiers.customer_key) = 1
