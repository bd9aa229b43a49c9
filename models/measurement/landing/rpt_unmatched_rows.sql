-- One row per landing table and reason why rows with an identifier count for no customer: how many there are. Orders
-- without any identifier, of guests, are not in it, nor are returns, which rpt_returns has.
with

touches as (

    select
        'campaign_touches' as table_name,
        touches.touch_id as row_id,
        touches.id_type,
        touches.id_value
    from {{ ref('stg_campaigns__touches') }} as touches
    left join {{ ref('int_raw_identifiers') }} as identifiers
        on touches.id_type = identifiers.id_type and touches.id_value = identifiers.raw_value
    where identifiers.customer_key is null

),

orders as (

    select orders.*
    from {{ ref('stg_shop__orders') }} as orders
    inner join {{ ref('int_customer_orders') }} as customers on orders.order_id = customers.order_id
    where customers.customer_key is null and not customers.is_return

),

service_contacts as (

    select contacts.*
    from {{ ref('stg_service__contacts') }} as contacts
    left join {{ ref('fct_service_contacts') }} as of_customers
        on contacts.service_contact_id = of_customers.service_contact_id
    where of_customers.service_contact_id is null

),

unmatched as (

    select * from touches
    {% for id_type in ['account_id', 'card_number', 'email', 'phone'] %}
    union all
    select 'orders', order_id, '{{ id_type }}', {{ id_type }} from orders
    where {{ id_type }} is not null
    {% endfor %}
    {% for id_type in ['account_id', 'contact_id', 'email', 'phone'] %}
    union all
    select 'service_contacts', service_contact_id, '{{ id_type }}', {{ id_type }} from service_contacts
    where {{ id_type }} is not null
    {% endfor %}

),

normalised as (

    select
        named.id_type,
        named.id_value as raw_value,
        case
            when named.id_type in ('email', 'phone') then points.contact_point else named.id_value
        end as id_value
    from (select distinct id_type, id_value from unmatched) as named
    left join {{ ref('int_contact_points') }} as points
        on named.id_type = points.kind and named.id_value = points.raw_value

),

-- Whom the records with the identifier belong to, apart from decisions.
known as (

    select
        normalised.id_type,
        normalised.raw_value,
        count(normalised.id_value) > 0 as is_readable,
        count(shared_ids.id_value) > 0 as is_shared_id,
        count(distinct customers.customer_key) as customers,
        count(distinct erased.customer_key) as erased_customers
    from normalised
    left join {{ ref('int_record_identifiers') }} as records
        on
            normalised.id_type = records.id_type and normalised.id_value = records.id_value
            and records.record_id not like 'consent:%'
    left join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    left join {{ ref('int_erasure_matches') }} as erased on customers.customer_key = erased.customer_key
    left join {{ ref('int_shared_ids') }} as shared_ids
        on normalised.id_type = shared_ids.id_type and normalised.id_value = shared_ids.id_value
    group by normalised.id_type, normalised.raw_value

),

reasons as (

    select
        unmatched.table_name,
        unmatched.row_id,
        -- Of several identifiers, the one that says most: the reasons sort by their number.
        min(case
            when known.customers > known.erased_customers or known.is_shared_id
                then '1 the identifier is not one person''s'
            when known.erased_customers > 0 then '2 the person is erased'
            when known.is_readable then '3 nobody known has the identifier'
            else '4 the identifier cannot be read'
        end) as reason
    from unmatched
    left join known on unmatched.id_type = known.id_type and unmatched.id_value = known.raw_value
    group by unmatched.table_name, unmatched.row_id

)

select
    table_name,
    substr(reason, 3) as reason,
    count(*) as rows_affected
from reasons
group by table_name, substr(reason, 3)
