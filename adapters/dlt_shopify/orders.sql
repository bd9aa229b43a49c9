-- One row per order, and one per refund. Amounts are in the currency of the shop.
with

order_rows as (

    select * from order_table
    where id is not null
    qualify row_number() over (partition by id order by dlt_load_id desc nulls last, row_number desc) = 1

),

placed as (

    select
        *,
        coalesce(processed_at, created_at) as ordered_at,
        case
            when cancelled_at is not null or lower(financial_status) in ('voided', 'expired') then 'cancelled'
            when lower(financial_status) in ('pending', 'authorized') then 'pending'
            when lower(financial_status) in ('paid', 'partially_paid', 'partially_refunded', 'refunded') then 'paid'
            else financial_status
        end as status,
        case
            when lower(source_name) = 'pos' then 'store'
            when lower(source_name) in ('web', 'checkout_next') then 'web'
            when lower(source_name) in ('iphone', 'android') then 'app'
        end as order_channel
    from order_rows
    -- A test is no order.
    where not coalesce(is_yes(test), false)

),

-- Rows of an older version of an order have another parent.
refund_rows as (

    select
        refunds.row_number,
        refunds.id,
        refunds.dlt_id,
        placed.id as order_id,
        coalesce(refunds.processed_at, refunds.created_at) as refunded_at
    from refunds
    inner join placed on refunds.dlt_parent_id = placed.dlt_id
    where coalesce(placed.status, 'paid') = 'paid'
    qualify row_number() over (partition by refunds.id order by refunds.row_number desc) = 1

),

paid_back as (

    select
        dlt_parent_id,
        sum_of(case when lower(status) = 'success' then amount else '0' end) as amount,
        max(currency) as currency
    from refund_payments
    where lower(kind) = 'refund' and not coalesce(is_yes(test), false)
    group by dlt_parent_id

),

-- The same refund by its lines, less its adjustments, which are negative where more was paid back.
parts as (

    select dlt_parent_id, subtotal as amount from refund_lines
    union all
    select dlt_parent_id, total_tax from refund_lines
    union all
    select dlt_parent_id, negated(amount) from adjustments
    union all
    select dlt_parent_id, negated(tax_amount) from adjustments

),

by_lines as (

    select dlt_parent_id, sum_of(amount) as amount from parts group by dlt_parent_id

),

-- It counts once: what was paid back, if it is in the currency of the order, else what its lines add up to.
returns as (

    select
        refund_rows.row_number,
        refund_rows.id as refund_id,
        refund_rows.order_id,
        refund_rows.refunded_at,
        case
            when paid_back.amount is not null and coalesce(paid_back.currency = placed.currency, true)
                then paid_back.amount
            else coalesce(by_lines.amount, paid_back.amount)
        end as amount,
        case
            when by_lines.amount is null then coalesce(paid_back.currency, placed.currency)
            else placed.currency
        end as currency,
        placed.customer_id,
        placed.email,
        placed.order_channel
    from refund_rows
    inner join placed on refund_rows.order_id = placed.id
    left join paid_back on refund_rows.dlt_id = paid_back.dlt_parent_id
    left join by_lines on refund_rows.dlt_id = by_lines.dlt_parent_id

)

select
    row_number,
    id as order_id,
    ordered_at,
    total_price as total,
    customer_id as account_id,
    email,
    coalesce(phone, billing_address_phone, shipping_address_phone) as phone,
    coalesce(shipping_address_country_code, billing_address_country_code) as country_code,
    status,
    null as original_order_id,
    total_discounts as discount,
    currency,
    order_channel,
    -- A box left open refuses nothing once the customer has subscribed.
    case
        when
            lower(customer_email_marketing_consent_state) = 'subscribed'
            and try_cast(customer_email_marketing_consent_consent_updated_at as timestamptz)
            >= try_cast(ordered_at as timestamptz)
            and not is_yes(buyer_accepts_marketing) then null
        else buyer_accepts_marketing
    end as email_opt_in,
    -- What the customer's record says, for landings without customers.
    case
        when lower(customer_email_marketing_consent_state) = 'unsubscribed' then 'yes'
        when customer_email_marketing_consent_state is null and lower(customer_accepts_marketing) = 'false' then 'yes'
    end as email_opt_out,
    case when lower(customer_sms_marketing_consent_state) = 'unsubscribed' then 'yes' end as sms_opt_out,
    updated_at
from placed
union all
select
    row_number, 'refund ' || refund_id, refunded_at, negated(amount), customer_id, email, null, null,
    'returned', order_id, null, currency, order_channel, null, null, null, null
from returns
where coalesce(number_of(amount), 1) <> 0 and amount is not null
