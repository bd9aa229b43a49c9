-- One row per product on an invoice. Postage, discounts and corrections are no products.
with

numbered as (

    select
        *,
        row_number - row_number() over (partition by invoice_no order by row_number) as block,
        regexp_full_match(invoice_no, '(?i)C[0-9]+') as is_credit_note
    from lines

),

-- As in orders.sql: lines of an invoice that comes again further down are the same ones.
counted as (

    select
        *,
        row_number() over (
            partition by
                invoice_no, block, stock_code, description, quantity, invoice_date, unit_price, customer_id, country
            order by row_number
        ) as nth,
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

)

select
    row_number,
    invoice_no as order_id,
    row_number() over (partition by invoice_no order by row_number) as line_number,
    stock_code as product_id,
    case when is_negated then negated(quantity) else quantity end as quantity,
    coalesce(
        cast(if(is_negated, -1, 1) * number_of(quantity) * number_of(unit_price) as varchar),
        concat_ws(' x ', quantity, unit_price)
    ) as amount,
    currency
from lines_once
where
    not regexp_full_match(
        upper(stock_code),
        'POST|DOT|C2|C3|D|M|S|B|CRUK|PADS|ADJUST[0-9]*|TEST[0-9]+|BANK CHARGES|AMAZONFEE'
    )
    -- Stock that was counted anew.
    and (customer_id is not null or coalesce(number_of(unit_price), 1) <> 0)
