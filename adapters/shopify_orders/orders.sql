-- One row per order, and one per order that was refunded in whole or in part. The export does not say when it was refunded.
with

orders as (

    select
        name,
        min(row_number) as row_number,
        max(email) as email,
        coalesce(max(phone), max(billing_phone)) as phone,
        max(financial_status) as financial_status,
        max(total) as total,
        min(created_at) as created_at,
        max(cancelled_at) as cancelled_at,
        max(refunded_amount) as refunded_amount,
        max(discount_amount) as discount_amount,
        max(currency) as currency,
        coalesce(max(shipping_country), max(billing_country)) as country_code,
        max(accepts_marketing) as email_opt_in,
        max(source) as source
    from lines
    group by name
    having not max(is_test_payment(payment_method))

),

placed as (

    select
        *,
        case
            when cancelled_at is not null or financial_status in ('voided', 'expired') then 'cancelled'
            when financial_status in ('pending', 'authorized') then 'pending'
            when financial_status in ('paid', 'partially_paid', 'partially_refunded', 'refunded') then 'paid'
            else financial_status
        end as status,
        case
            when source = 'pos' then 'store'
            when source in ('web', 'checkout_next') then 'web'
            when source in ('iphone', 'android') then 'app'
        end as order_channel
    from orders

)

select
    row_number,
    name as order_id,
    created_at as ordered_at,
    total,
    email,
    phone,
    country_code,
    status,
    null as original_order_id,
    discount_amount as discount,
    currency,
    order_channel,
    email_opt_in
from placed
union all
select
    row_number,
    name || ' refund',
    created_at,
    negated(refunded_amount),
    email,
    phone,
    country_code,
    'returned',
    name,
    null,
    currency,
    order_channel,
    email_opt_in
from placed
where number_of(refunded_amount) <> 0 and status = 'paid'
