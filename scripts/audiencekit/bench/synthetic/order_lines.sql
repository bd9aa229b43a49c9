-- One row per order line: one to three per purchase, one and a half on average. Products follow a Zipf distribution.
with

counted as (

    select
        *,
        1 + cast(chance(order_number, 40) < 0.35 as integer) + cast(chance(order_number, 40) < 0.15 as integer) as lines
    from order_facts

),

numbered as (

    select *, unnest(range(lines)) as line from counted

)

select
    'o' || printf('%013d', order_number) as order_id,
    line + 1 as line_number,
    'p' || printf('%06d', zipf(getvariable('products'), chance(order_number * 4 + line, 41))) as product_id,
    case when chance(order_number * 4 + line, 42) < 0.8 then 1.0 else 2.0 end as quantity,
    round(total / lines, 2) as amount,
    round(discount / lines, 2) as discount,
    cast(null as varchar) as currency,
    in_time(ordered_at + interval 2 day) as updated_at
from numbered
