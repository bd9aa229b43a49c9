-- One row per customer, with the jurisdiction whose law applies to them: the one that their latest consent event names,
-- else that of their region or country, else the var default_jurisdiction.
with

stated_jurisdictions as (

    select customer_key, jurisdiction
    from {{ ref('fct_consent') }}
    where jurisdiction is not null
    qualify row_number() over (
        partition by customer_key order by decided_at desc, jurisdiction, decision_id
    ) = 1

)

select
    customers.customer_key,
    coalesce(
        stated_jurisdictions.jurisdiction,
        case
            when customers.country_code is distinct from 'US' then null
            when customers.region = 'CA' then 'US-CA'
            -- Without a state, the postal code tells: California's begin with 900 to 961.
            when
                (customers.region is null or length(customers.region) > 2)
                and substring(customers.postal_code, 1, 3) between '900' and '961'
                then 'US-CA'
        end,
        countries.jurisdiction,
        '{{ var("default_jurisdiction") }}'
    ) as jurisdiction
from {{ ref('dim_customers') }} as customers
left join stated_jurisdictions on customers.customer_key = stated_jurisdictions.customer_key
left join {{ ref('jurisdictions') }} as countries on customers.country_code = countries.country_code
