-- One row per positive row that names a return: how much of the return it takes back. One that is pending, cancelled or
-- itself returned takes nothing back.
with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

named as (

    select
        taking.order_id,
        taking.ordered_at,
        taking.original_order_id as return_id,
        cast(abs(returns.total) as decimal(18, 4)) as returned_amount,
        cast(
            case when taking.status in ('pending', 'cancelled', 'returned') then 0 else taking.total end
            as decimal(18, 4)
        ) as amount
    from orders as taking
    inner join orders as returns on taking.original_order_id = returns.order_id
    left join orders as originals on returns.original_order_id = originals.order_id
    where
        taking.is_return
        and taking.total > 0
        -- Some shops write returns with positive amounts. A positive row is a return unless it names one itself.
        and returns.is_return
        and (returns.total < 0 or not coalesce(originals.is_return, false))

),

running as (

    select
        *,
        -- What the rows before have left of the return.
        returned_amount - coalesce(
            sum(amount) over (
                partition by return_id order by ordered_at, order_id rows between unbounded preceding and 1 preceding
            ), 0
        ) as left_amount
    from named

)

select
    order_id,
    return_id,
    cast(greatest(least(amount, left_amount), 0) as decimal(18, 4)) as amount
from running
