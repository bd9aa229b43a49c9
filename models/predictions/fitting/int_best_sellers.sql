-- One row per moment and product among the 300 that most customers bought in the 90 days before it. The moments are
-- now, and four before it in steps of 90 days, for back-tests.
with

customers as (

    select
        known_at,
        count(distinct customer_key) as customers,
        count(distinct case when has_history then customer_key end) as earlier_customers
    from {{ ref('int_product_history') }}
    group by known_at

),

bought as (

    select
        known_at,
        product_id,
        count(*) as customers_in_all,
        count(case when is_bought_after then 1 end) as customers,
        count(case when is_bought_after and has_history then 1 end) as earlier_customers
    from {{ ref('int_product_history') }}
    where known_at <= {{ as_of() }}
    group by known_at, product_id

),

placed as (

    select
        *,
        row_number() over (
            partition by known_at order by customers desc, customers_in_all desc, product_id
        ) as place
    from bought
    where customers > 0

)

select
    placed.known_at as moment_at,
    placed.product_id,
    placed.place,
    placed.customers,
    round(placed.customers / cast(customers.customers as double), 9) as share,
    round(coalesce(placed.earlier_customers / nullif(cast(customers.earlier_customers as double), 0), 0), 9)
        as earlier_share
from placed
inner join customers on placed.known_at = customers.known_at
where placed.place <= 300
