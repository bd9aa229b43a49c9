-- Silent for two of their usual gaps between purchases, and for a month at least, or never heard of at all.
select customer_key
from {{ ref('customer_360') }}
where
    silent_gaps > 2
    or silent_gaps is null
