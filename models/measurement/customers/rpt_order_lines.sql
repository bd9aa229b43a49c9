-- One row per way in which order lines agree with their orders: how many orders, and both amounts. Lines that add up to
-- less than their order may lack shipping or tax; lines that add up to more are there twice, or the order is too low.
-- Many exports have no lines for returns.
with

lines as (

    select
        order_id,
        count(*) as lines,
        sum(cast(amount as decimal(18, 4))) as amount
    from {{ ref('stg_shop__order_lines') }}
    group by order_id

),

compared as (

    select
        cast(abs(orders.total) as decimal(18, 4)) as order_amount,
        abs(lines.amount) as lines_amount,
        case
            when orders.order_id is null then 'lines without an order'
            when lines.order_id is null and orders.total < 0 then 'returns without lines'
            when lines.order_id is null then 'orders without lines'
            -- Each line may be rounded by itself.
            when abs(lines.amount - orders.total) <= 0.01 * lines.lines then 'add up'
            when abs(lines.amount) > abs(orders.total) then 'lines are more than the order'
            else 'lines are less than the order'
        end as agreement
    from {{ ref('stg_shop__orders') }} as orders
    full join lines on orders.order_id = lines.order_id

)

select
    compared.agreement,
    count(*) as orders,
    cast(coalesce(sum(compared.order_amount), 0) as double) as order_amount,
    cast(coalesce(sum(compared.lines_amount), 0) as double) as lines_amount
from compared
cross join {{ ref('stg_landing__presence') }} as present
where present.has_order_lines
group by compared.agreement
