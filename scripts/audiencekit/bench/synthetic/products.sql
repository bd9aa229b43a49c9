select
    'p' || printf('%06d', range) as product_id,
    'Product ' || range as product_name,
    'Category ' || (1 + range % 40) as category,
    'Subcategory ' || (1 + range % 400) as subcategory,
    'Brand ' || zipf(300, chance(range, 100)) as brand,
    getvariable('as_of') - interval 500 day as updated_at
from range(1, getvariable('products') + 1)
