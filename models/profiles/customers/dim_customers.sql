-- One row per customer: a person with at least one identifier, with their profile.
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

),

aged as (

    select
        *,
        extract(year from {{ shop_time(as_of()) }}) - extract(year from birth_date)
        - case
            when
                extract(month from {{ shop_time(as_of()) }}) * 100 + extract(day from {{ shop_time(as_of()) }})
                < extract(month from birth_date) * 100 + extract(day from birth_date)
                then 1
            else 0
        end as age_years
    from profiles

)

select
    customers.customer_key,
    customers.first_seen_at,
    aged.contact_id,
    aged.account_id,
    aged.email,
    aged.phone,
    aged.first_name,
    aged.last_name,
    aged.city,
    aged.region,
    aged.postal_code,
    aged.country_code,
    aged.birth_date,
    coalesce(
        aged.age_band,
        case
            when aged.age_years < 19 then 'under 19'
            when aged.age_years < 25 then '19-24'
            when aged.age_years < 35 then '25-34'
            when aged.age_years < 45 then '35-44'
            when aged.age_years < 55 then '45-54'
            when aged.age_years < 65 then '55-64'
            when aged.age_years >= 65 then '65+'
        end
    ) as age_band,
    aged.income_band,
    aged.household_size,
    aged.kids_count,
    undeliverable.mailbox is null as is_email_deliverable,
    vip_list.customer_key is not null as is_vip
from customers
left join aged on customers.customer_key = aged.customer_key
left join {{ ref('int_undeliverable_mailboxes') }} as undeliverable
    on {{ mailbox('aged.email') }} = undeliverable.mailbox
left join vip_list on customers.customer_key = vip_list.customer_key
