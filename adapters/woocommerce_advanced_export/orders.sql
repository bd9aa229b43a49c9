-- One row per order, and one per order that was refunded in whole or in part. The export does not say when.
with

orders as (

    select
        order_number,
        min(row_number) as row_number,
        min_by(order_date, row_number) as order_date,
        min_by(order_status, row_number) as order_status,
        min_by(order_total_amount, row_number) as total,
        min_by(order_refund_amount, row_number) as refund,
        min_by(email_billing, row_number) as email,
        min_by(phone_billing, row_number) as phone,
        min_by(country_code_billing, row_number) as country_code,
        nullif(min_by(customer_id, row_number), '0') as account_id,
        min_by(currency, row_number) as currency,
        min_by(cart_discount_amount, row_number) as discount
    from lines
    group by order_number

),

placed as (

    select
        * replace (
            case
                when number_of(refund) <> 0 then cast(abs(number_of(refund)) as varchar)
                when lower(order_status) in ('refunded', 'wc-refunded') then total
                else nullif(refund, '0')
            end as refund
        ),
        woocommerce_status(order_status) as status
    from orders

)

select
    row_number,
    order_number as order_id,
    order_date as ordered_at,
    total,
    email,
    phone,
    account_id,
    country_code,
    status,
    null as original_order_id,
    discount,
    currency
from placed
union all
select
    row_number,
    order_number || ' refund',
    order_date,
    negated(refund),
    email,
    phone,
    account_id,
    country_code,
    'returned',
    order_number,
    null,
    currency
from placed
where refund is not null and coalesce(number_of(refund), 1) <> 0 and status not in ('pending', 'cancelled')
