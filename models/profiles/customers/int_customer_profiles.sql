-- One row per customer, a person with at least one identifier: their profile, without what changes by the day alone.
with

customers as (

    select customer_key, min(first_seen_at) as first_seen_at
    from {{ ref('int_identifiers') }}
    group by customer_key

),

profiles as (

    select * from {{ ref('int_golden_records') }}

),

vip_list as (

    select distinct identifiers.customer_key
    from {{ ref('stg_lists__members') }} as members
    inner join {{ ref('int_raw_identifiers') }} as identifiers
        on members.id_type = identifiers.id_type and members.id_value = identifiers.raw_value
    where members.list_code = 'vip'

)

select
    customers.customer_key,
    customers.first_seen_at,
    profiles.contact_id,
    profiles.account_id,
    profiles.email,
    profiles.phone,
    profiles.first_name,
    profiles.last_name,
    profiles.city,
    profiles.region,
    profiles.postal_code,
    profiles.country_code,
    profiles.birth_date,
    profiles.age_band,
    profiles.income_band,
    profiles.household_size,
    profiles.kids_count,
    undeliverable.mailbox is null as is_email_deliverable,
    vip_list.customer_key is not null as is_vip
from customers
left join profiles on customers.customer_key = profiles.customer_key
left join {{ ref('int_undeliverable_mailboxes') }} as undeliverable
    on {{ mailbox('profiles.email') }} = undeliverable.mailbox
left join vip_list on customers.customer_key = vip_list.customer_key
