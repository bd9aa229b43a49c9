-- One row per moment, customer and product that could be recommended to them, with its score. The moments are now, and
-- four before it, for back-tests of customers who bought later.
{{ config(materialized='ephemeral') }}
with

history as (

    select * from {{ ref('int_product_history') }}
    where has_history

),

-- Where there was nothing to learn from, there is nothing to test.
moments as (

    select distinct moment_at from {{ ref('int_repeat_rates') }}
    union
    select {{ as_of() }}

),

customers as (

    select
        history.moment_at,
        history.customer_key,
        count(case when history.is_main then 1 end) as main_products,
        count(case when history.days_bought > 0 then sellers.product_id end) as best_sellers_bought
    from history
    inner join moments on history.moment_at = moments.moment_at
    left join {{ ref('int_best_sellers') }} as sellers
        on history.moment_at = sellers.moment_at and history.product_id = sellers.product_id
    group by history.moment_at, history.customer_key
    having bool_or(history.is_bought_after) or history.moment_at = {{ as_of() }}

),

-- What they bought most and every best seller they bought, what its buyers went on to buy, and enough best sellers that
-- ten of them are new to the customer.
candidates as (

    select
        customers.moment_at,
        customers.customer_key,
        history.product_id,
        history.days_bought,
        history.last_bought_on,
        0.0 as pair_gain
    from customers
    inner join history
        on customers.moment_at = history.moment_at and customers.customer_key = history.customer_key
    left join {{ ref('int_best_sellers') }} as sellers
        on history.moment_at = sellers.moment_at and history.product_id = sellers.product_id
    where history.is_main or (history.days_bought > 0 and sellers.product_id is not null)
    union all
    select
        customers.moment_at,
        customers.customer_key,
        pairs.next_product_id,
        0,
        null,
        -- Chance errors of a sum of n gains grow with the root of n.
        {{ exact_sum('pairs.gain') }} / sqrt(customers.main_products)
    from customers
    inner join history
        on customers.moment_at = history.moment_at and customers.customer_key = history.customer_key
    inner join {{ ref('int_product_pairs') }} as pairs
        on history.moment_at = pairs.moment_at and history.product_id = pairs.product_id
    where history.is_main
    group by customers.moment_at, customers.customer_key, pairs.next_product_id, customers.main_products
    union all
    select
        customers.moment_at,
        customers.customer_key,
        sellers.product_id,
        0,
        null,
        0.0
    from customers
    inner join {{ ref('int_best_sellers') }} as sellers
        on customers.moment_at = sellers.moment_at and sellers.place <= 10 + customers.best_sellers_bought

),

products as (

    select
        moment_at,
        customer_key,
        product_id,
        max(days_bought) as days_bought,
        max(last_bought_on) as last_bought_on,
        max(pair_gain) as pair_gain
    from candidates
    group by moment_at, customer_key, product_id

),

last_numbers as (

    select moment_at, max(days_bought) as last_number
    from {{ ref('int_repeat_rates') }}
    group by moment_at

)

select
    products.*,
    coalesce(sellers.place, 301) as best_seller_place,
    round(coalesce(sellers.share, 0) + coalesce(rates.gain, 0) + products.pair_gain, 9) as score
from products
left join {{ ref('int_best_sellers') }} as sellers
    on products.moment_at = sellers.moment_at and products.product_id = sellers.product_id
left join last_numbers on products.moment_at = last_numbers.moment_at
left join {{ ref('int_repeat_rates') }} as rates
    on
        products.moment_at = rates.moment_at
        and least(products.days_bought, last_numbers.last_number) = rates.days_bought
