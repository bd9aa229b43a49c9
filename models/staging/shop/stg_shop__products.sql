-- One row per product.
select
    product_id,
    product_name,
    category,
    subcategory,
    brand
from {{ latest_version('products', ['product_id'], latest_by='updated_at') }}
