-- One row per order or return of a customer with a return that names no order, and product at a price that it has: how
-- much of it.
with

concerned as (

    select distinct order_id from {{ ref('int_return_events') }}

),

priced as (

    select
        lines.order_id,
        lines.product_id || ' at ' || cast(
            cast(abs(lines.amount) / abs(lines.quantity) as decimal(18, 2)) as string
        ) as item,
        cast(abs(lines.amount) as decimal(18, 4)) as amount
    from {{ ref('stg_shop__order_lines') }} as lines
    inner join concerned on lines.order_id = concerned.order_id
    where lines.quantity <> 0 and lines.product_id is not null

)

select
    order_id,
    item,
    -- In whole ten-thousandths, as the events.
    cast(sum(amount) * 10000 as bigint) as amount
from priced
group by order_id, item
