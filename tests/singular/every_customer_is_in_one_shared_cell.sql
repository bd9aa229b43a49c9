-- Law: every customer is in exactly one cell of int_share_cells. A new order channel needs its cells there.
with

counts as (

    select customers as in_cells, 0 as customers
    from {{ ref('int_share_cells') }}
    union all
    select 0 as in_cells, 1 as customers
    from {{ ref('customer_360') }}

)

select
    sum(in_cells) as in_cells,
    sum(customers) as customers
from counts
having sum(in_cells) <> sum(customers)
