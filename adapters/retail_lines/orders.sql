-- One row per invoice. What a customer was billed is its total, also postage, discounts and corrections by hand.
with

numbered as (

    select
        *,
        row_number - row_number() over (partition by invoice_no order by row_number) as block,
        regexp_full_match(invoice_no, '(?i)C[0-9]+') as is_credit_note,
        number_of(quantity) * number_of(unit_price) as amount
    from lines
    where
        -- Bad debt that was written off, stock that was counted anew, the shop's own fees and samples are no purchases.
        (
            customer_id is not null
            or (
                not starts_with(upper(invoice_no), 'A')
                and coalesce(number_of(unit_price), 1) <> 0
                and upper(stock_code) not in ('AMAZONFEE', 'B', 'BANK CHARGES', 'CRUK', 'S')
            )
        )
        -- Test products.
        and not regexp_full_match(upper(stock_code), 'TEST[0-9]+')

),

-- Equal lines that follow each other are several of a product. Where an invoice comes again further down, as in two
-- years whose sheets overlap, its lines are the same ones.
counted as (

    select
        *,
        row_number() over (
            partition by
                invoice_no, block, stock_code, description, quantity, invoice_date, unit_price, customer_id, country
            order by row_number
        ) as nth,
        -- Some files write returns with positive quantities.
        is_credit_note
        and not bool_or(is_credit_note and number_of(quantity) < 0) over ()
        and bool_or(regexp_full_match(invoice_no, '[0-9]+')) over () as is_negated
    from numbered

),

lines_once as (

    select * from counted
    qualify
        row_number() over (
            partition by
                invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id, country, nth
            order by row_number
        ) = 1

),

invoices as (

    select
        invoice_no,
        coalesce(min(row_number) filter (where amount is null), min(row_number)) as row_number,
        any_value(is_credit_note) as is_credit_note,
        sum(case when is_negated then -amount else amount end) as total,
        min(concat_ws(' x ', coalesce(quantity, 'no quantity'), coalesce(unit_price, 'no price')))
            filter (where amount is null) as unread,
        min_by(invoice_date, row_number) as ordered_at,
        min_by(customer_id, row_number) as account_id,
        min_by(country, row_number) as country,
        min_by(currency, row_number) as currency
    from lines_once
    group by invoice_no

)

select
    row_number,
    invoice_no as order_id,
    ordered_at,
    coalesce(unread, cast(total as varchar)) as total,
    account_id,
    nullif(case when country = 'RSA' then 'ZA' else country end, 'Unspecified') as country_code,
    -- A credit note of a positive amount is neither a purchase nor a return.
    case
        when total < 0 then 'returned'
        when is_credit_note then 'cancelled'
    end as status,
    currency
from invoices
