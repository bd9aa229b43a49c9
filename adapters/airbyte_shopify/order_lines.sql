-- One row per line of an order, net of its discounts.
with

order_rows as (

    select * from order_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

lines as (

    select row_number, id as order_id, currency, unnest(json_extract(try_cast(line_items as json), '$[*]')) as line
    from order_rows
    where deleted_at is null and not coalesce(is_yes(test), false)

),

priced as (

    select
        *,
        coalesce(
            cast(list_sum(list_transform(
                json_extract(line, '$.discount_allocations[*].amount'),
                lambda each: number_of(json_extract_string(each, '$'))
            )) as varchar),
            json_extract_string(line, '$.total_discount')
        ) as discount
    from lines

)

select
    row_number,
    order_id,
    row_number() over (partition by order_id order by json_extract_string(line, '$.id')) as line_number,
    coalesce(
        json_extract_string(line, '$.product_id'),
        json_extract_string(line, '$.sku'),
        json_extract_string(line, '$.title')
    ) as product_id,
    json_extract_string(line, '$.quantity') as quantity,
    cast(
        number_of(json_extract_string(line, '$.quantity')) * number_of(json_extract_string(line, '$.price'))
        - coalesce(number_of(discount), 0) as varchar
    ) as amount,
    discount,
    currency
from priced
