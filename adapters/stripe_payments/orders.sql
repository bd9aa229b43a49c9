-- One row per payment, one per payment that was refunded in whole or in part, and one per dispute that was lost.
with

payments_made as (

    select
        row_number,
        id,
        created_date_utc,
        coalesce(cast(number_of(amount) as varchar), amount) as total,
        amount_refunded,
        refunded_date_utc,
        disputed_amount,
        dispute_date_utc,
        lower(dispute_status) = 'lost' as is_dispute_lost,
        upper(currency) as currency,
        customer_id,
        customer_email,
        customer_phone,
        coalesce(shipping_address_country, card_address_country) as country_code,
        -- What people answered at the checkout: opt_in or opt_out.
        replace(checkout_promotional_consent, '_', ' ') as email_opt_in,
        case
            when regexp_full_match(lower(status), 'fail.*|cancel.*|block.*|expired|void.*|declined') then 'cancelled'
            when regexp_full_match(lower(status), 'requires.*|pending|processing|incomplete|uncaptured|authorized')
                then 'pending'
            -- Authorised, and not captured or not yet: nobody paid.
            when not is_yes(captured) then if(lower(status) = 'refunded', 'cancelled', 'pending')
            when regexp_full_match(lower(status), 'paid|succeeded|refunded|part.* refund.*|partially_refunded|disputed')
                then 'paid'
            else coalesce(status, 'no status')
        end as status
    from payments
    -- Payments in test mode.
    where coalesce(lower(mode), 'live') <> 'test'

)

select
    row_number,
    id as order_id,
    created_date_utc as ordered_at,
    total,
    customer_id as account_id,
    customer_email as email,
    customer_phone as phone,
    country_code,
    status,
    null as original_order_id,
    currency,
    email_opt_in
from payments_made
union all
select
    row_number,
    id || ' refund',
    coalesce(refunded_date_utc, created_date_utc),
    negated(amount_refunded),
    customer_id,
    customer_email,
    customer_phone,
    country_code,
    'returned',
    id,
    currency,
    null
from payments_made
where status = 'paid' and coalesce(number_of(amount_refunded), 1) <> 0 and amount_refunded is not null
union all
select
    row_number,
    id || ' dispute',
    coalesce(dispute_date_utc, created_date_utc),
    negated(disputed_amount),
    customer_id,
    customer_email,
    customer_phone,
    country_code,
    'returned',
    id,
    currency,
    null
from payments_made
where
    status = 'paid'
    and is_dispute_lost
    and disputed_amount is not null
    and coalesce(number_of(disputed_amount), 1) <> 0
