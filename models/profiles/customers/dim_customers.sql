-- One row per customer: a person with at least one identifier, with their profile and, as of now, their age.
with

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
    from {{ ref('int_customer_profiles') }}

)

select
    customer_key,
    first_seen_at,
    contact_id,
    account_id,
    email,
    phone,
    first_name,
    last_name,
    city,
    region,
    postal_code,
    country_code,
    birth_date,
    coalesce(
        age_band,
        case
            when age_years < 19 then 'under 19'
            when age_years < 25 then '19-24'
            when age_years < 35 then '25-34'
            when age_years < 45 then '35-44'
            when age_years < 55 then '45-54'
            when age_years < 65 then '55-64'
            when age_years >= 65 then '65+'
        end
    ) as age_band,
    income_band,
    household_size,
    kids_count,
    is_email_deliverable,
    is_vip
from aged
