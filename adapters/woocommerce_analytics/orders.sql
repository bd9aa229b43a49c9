-- One row per order, and one per refund.
with

read as (

    select
        *,
        woocommerce_status(status) as state,
        regexp_replace(
            regexp_extract(n_revenue_formatted, '[0-9][0-9.,'' \x{a0}\x{202f}]*'), '[^0-9.,]|[.,]+$', '', 'g'
        ) as digits,
        coalesce(starts_with(net_sales, '-'), false)
        or coalesce(regexp_matches(n_revenue_formatted, '^[^0-9]*[-−]'), false) as is_refund
    from orders

),

-- $1,234.50 and 1.234,50 € are 1234.50. Three digits after the last point or comma are thousands, except where the net
-- sales show that they are decimals, as in 12.500 KWD.
numbers as (

    select
        *,
        case
            when
                regexp_full_match(digits, '[0-9]+|[0-9.,]+[.,][0-9]{3}')
                and not coalesce(
                    number_of(regexp_replace(digits, '[.,]', '', 'g'))
                    > 50 * abs(nullif(number_of(net_sales), 0)),
                    false
                )
                then regexp_replace(digits, '[.,]', '', 'g')
            else regexp_replace(regexp_replace(digits, '[.,]([0-9]+)$', '!\1'), '[.,]', '', 'g')
        end as amount
    from read

),

-- Of an order in several reports the one in which it went furthest counts.
latest as (

    select
        *,
        coalesce(if(is_refund, '-', '') || replace(nullif(amount, ''), '!', '.'), net_sales) as total
    from numbers
    qualify
        row_number() over (
            partition by order_number, is_refund, if(is_refund, date, null), if(is_refund, net_sales, null)
            order by
                lower(status) = 'refunded' desc,
                list_position(['pending', 'cancelled', 'paid', 'shipped', 'completed'], state) desc nulls last,
                row_number
        ) = 1

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

    select latest.*, known.email
    from latest
    left join known on lower(latest.customer) = known.name

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
-- Refunded, and the refund is in none of the reports.
select
    row_number,
    order_number || ' refund',
    date,
    negated(total),
    email,
    'returned',
    order_number
from placed
where
    not is_refund
    and lower(status) = 'refunded'
    and order_number not in (select order_number from placed where is_refund and order_number is not null)
