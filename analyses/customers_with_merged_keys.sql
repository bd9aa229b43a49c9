-- One row per number of customer keys that were merged into a customer: how many such customers there are, and which
-- share of all spend would have been split between several profiles.
with

merged as (

    select customer_key, count(*) as merged_keys
    from {{ ref('int_merged_keys') }}
    group by customer_key

),

customers as (

    select
        customer_360.customer_key,
        coalesce(merged.merged_keys, 0) as merged_keys,
        cast(coalesce(customer_360.spend_lifetime, 0) as decimal(18, 4)) as spend
    from {{ ref('customer_360') }} as customer_360
    left join merged on customer_360.customer_key = merged.customer_key

),

spend as (

    select sum(spend) as all_spend
    from customers

)

select
    customers.merged_keys,
    count(*) as customers,
    cast(sum(customers.spend) as double) as spend_lifetime,
    cast(sum(customers.spend) as double) / nullif(cast(spend.all_spend as double), 0) as share_of_spend
from customers
cross join spend
group by customers.merged_keys, spend.all_spend
order by customers.merged_keys
