-- One row per order, and one per refund.
with

read as (

    select
        *,
        woocommerce_status(status) as state,
        formatted_amounts(n_revenue_formatted) as amounts,
        coalesce(regexp_matches(n_revenue_formatted, '^[^0-9]*[-−]'), false) as is_shown_as_refund,
        coalesce(starts_with(net_sales, '-'), false) or is_shown_as_refund as is_refund,
        max(abs(number_of(net_sales))) over (partition by order_number) as net_sales_of_order
    from orders

),

numbers as (

    select
        *,
        unformatted(amounts[1], net_sales_of_order) as amount,
        -- A refund has the total of its order, so what it took back is what is left less what there was.
        number_of(unformatted(amounts[1], net_sales_of_order))
        - number_of(unformatted(amounts[2], net_sales_of_order)) as taken_back
    from read

),

-- Of an order in several reports the one in which it went furthest counts.
latest as (

    select * replace (max(taken_back) over (partition by order_number) as taken_back)
    from numbers
    qualify row_number() over (
        partition by order_number, is_refund, if(is_refund, date, null), if(is_refund, net_sales, null)
        order by
            lower(status) = 'refunded' desc,
            list_position(['pending', 'cancelled', 'paid', 'shipped', 'completed'], state) desc nulls last,
            row_number
    ) = 1

),

-- Of several refunds of an order each has its part, by net sales.
totals as (

    select
        *,
        case
            when not is_refund then coalesce(amount, net_sales)
            when is_shown_as_refund and amount is not null then '-' || amount
            when taken_back is not null then part_of(
                -taken_back, number_of(net_sales), sum(number_of(net_sales)) over (partition by order_number, is_refund)
            )
            else net_sales
        end as total
    from latest

),

-- Both reports name customers from one table. So where every customer of the orders is in the customers report, a name
-- that occurs there once is one customer.
known as (

    select lower(name) as name, max(email) as email
    from customers
    where not exists (
        select 1
        from orders
        where lower(customer) not in (select lower(name) from customers where name is not null)
    )
    group by lower(name)
    having count(distinct coalesce(lower(email), username, '')) = 1

),

placed as (

    select totals.*, known.email
    from totals
    left join known on lower(totals.customer) = known.name

)

select
    row_number,
    order_number as order_id,
    date as ordered_at,
    total,
    email,
    state as status,
    null as original_order_id
from placed
where not is_refund
union all
select
    row_number,
    concat_ws(' ', order_number, 'refund', date),
    date,
    cast(sum(number_of(total)) over (partition by order_number, date) as varchar),
    email,
    'returned',
    order_number
from placed
where is_refund
qualify row_number() over (partition by order_number, date order by row_number) = 1
union all
-- Refunded, in whole or in part, and the refund is in none of the reports.
select
    row_number,
    order_number || ' refund',
    date,
    negated(coalesce(cast(taken_back as varchar), total)),
    email,
    'returned',
    order_number
from placed
where
    not is_refund and (lower(status) = 'refunded' or taken_back > 0)
    and order_number not in (select order_number from placed where is_refund and order_number is not null)
