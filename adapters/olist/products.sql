-- One row per product, with its category in English where there is a translation. Products have no names.
with

names as (

    select
        product_category_name,
        min(product_category_name_english) as category
    from translations
    group by product_category_name

)

select
    products.row_number,
    products.product_id,
    coalesce(names.category, products.product_category_name) as category
from products
left join names on products.product_category_name = names.product_category_name
