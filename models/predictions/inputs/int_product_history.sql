-- One row per moment, customer and product that they bought in the 365 days before it or in the 90 days after. The
-- moments are now, for recommendations, and five before it in steps of 90 days, to learn from and to test on: those
-- have a sample of customers.
with

-- A day counts from the first purchase on it.
bought as (

    select
        orders.customer_key,
        lines.product_id,
        orders.ordered_on as bought_on,
        min(orders.ordered_at) as bought_at
    from {{ ref('stg_shop__order_lines') }} as lines
    inner join {{ ref('fct_orders') }} as orders on lines.order_id = orders.order_id
    where
        lines.product_id is not null and lines.quantity > 0 and lines.amount >= 0
        and orders.customer_key is not null and orders.placed_amount > 0 and orders.ordered_at < {{ as_of() }}
    group by orders.customer_key, lines.product_id, orders.ordered_on

),

sampled as (

    select customer_key from (select distinct customer_key from bought) as buyers
    qualify row_number() over (order by customer_key) <= {{ var('training_customers') }}

),

history as (

    {% for quarter in range(6) %}
    {% set moment = dbt.dateadd('day', -90 * quarter, as_of()) %}
    {% set known_at = dbt.dateadd('day', 90 - 90 * quarter, as_of()) %}
    select
        {{ moment }} as moment_at,
        {{ known_at }} as known_at,
        bought.customer_key,
        bought.product_id,
        count(case when bought.bought_at < {{ moment }} then 1 end) as days_bought,
        max(case when bought.bought_at < {{ moment }} then bought.bought_on end) as last_bought_on,
        max(bought.bought_at) >= {{ moment }} as is_bought_after
    from bought
    {{ 'inner join sampled on bought.customer_key = sampled.customer_key' if quarter }}
    where
        bought.bought_at >= {{ dbt.dateadd('day', -365 - 90 * quarter, as_of()) }}
        and bought.bought_at < {{ known_at }}
    group by bought.customer_key, bought.product_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

{% set most_bought %}
partition by moment_at, customer_key order by days_bought desc, last_bought_on desc, product_id
{%- endset %}
select
    *,
    -- In this order the running maximum is that of all rows.
    max(days_bought) over ({{ most_bought }}) > 0 as has_history,
    -- The products that say most about a customer.
    days_bought > 0 and row_number() over ({{ most_bought }}) <= 20 as is_main
from history
