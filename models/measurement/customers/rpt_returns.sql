-- One row per way in which returns find the order that they undo: how many do, and the amounts. What no order explains
-- is taken off revenue, and off the spend of the customer where there is one. What was taken back of returns has a row
-- of its own.
with

returns as (

    select
        orders.order_id,
        orders.amount,
        orders.returned_order_id is not null as names_its_order,
        orders.customer_key is not null as has_customer,
        coalesce(sum(cast(reversals.matched_amount as decimal(18, 4))), 0) as matched_amount
    from {{ ref('int_customer_orders') }} as orders
    left join {{ ref('fct_reversals') }} as reversals on orders.order_id = reversals.return_id
    where orders.is_return and orders.amount > 0
    group by orders.order_id, orders.amount, orders.returned_order_id, orders.customer_key

),

found as (

    select
        amount,
        matched_amount,
        case
            when names_its_order and matched_amount < amount then 'names an order of less'
            when names_its_order then 'names its order'
            when matched_amount > 0 then 'matched to earlier orders'
            when has_customer then 'matches no order'
            else 'has no customer'
        end as found_by
    from returns
    union all
    -- Nothing is left to explain.
    select taken_back_amount, taken_back_amount, 'taken back'
    from {{ ref('int_customer_orders') }}
    where is_return and taken_back_amount > 0

)

select
    found_by,
    count(*) as returns,
    cast(sum(amount) as double) as returned_amount,
    cast(sum(amount - matched_amount) as double) as unmatched_amount
from found
group by found_by
