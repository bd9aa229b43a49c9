-- One row per moment, product and one of the 20 best sellers that its buyers go on to buy most beyond everybody: in the
-- 90 days before the moment, of the customers who had bought the product in the year before that.
with

history as (

    select * from {{ ref('int_product_history') }}
    where has_history and known_at <= {{ as_of() }}

),

main_products as (

    select
        known_at,
        customer_key,
        product_id,
        count(*) over (partition by known_at, product_id) as buyers
    from history
    where is_main

),

later as (

    select
        history.known_at,
        history.customer_key,
        history.product_id,
        sellers.earlier_share
    from history
    inner join {{ ref('int_best_sellers') }} as sellers
        on history.known_at = sellers.moment_at and history.product_id = sellers.product_id
    where history.is_bought_after

),

pairs as (

    select
        main_products.known_at,
        main_products.product_id,
        later.product_id as next_product_id,
        main_products.buyers,
        later.earlier_share,
        count(*) as customers
    from main_products
    inner join later
        on
            main_products.known_at = later.known_at and main_products.customer_key = later.customer_key
            and main_products.product_id <> later.product_id
    where main_products.buyers > 1
    group by
        main_products.known_at, main_products.product_id, later.product_id, main_products.buyers, later.earlier_share
    -- One customer is no pattern.
    having count(*) > 1

),

shrunk as (

    -- 100 buyers are added who buy like everybody; docs/predictions.md has the results of 20 and 100 on four shops.
    select
        *,
        round((customers + 100 * earlier_share) / (buyers + 100) - earlier_share, 9) as gain
    from pairs

)

select
    known_at as moment_at,
    product_id,
    next_product_id,
    buyers,
    customers,
    gain
from shrunk
where gain > 0
qualify row_number() over (
    partition by known_at, product_id order by gain desc, customers desc, next_product_id
) <= 20
