-- One row per product, with the name that its last line has.
with

sold as (

    select row_number, unnest(products_of(product_details)) as product
    from orders
    where product_details is not null

),

named as (

    select
        row_number,
        coalesce(product_detail(product, 'SKU'), product_detail(product, 'ID')) as product_id,
        product_detail(product, 'Name') as product_name
    from sold

)

select
    max(row_number) as row_number,
    product_id,
    max_by(product_name, row_number) as product_name
from named
where product_id is not null
group by product_id
