-- Customers with similar buying behaviour, group 4. rpt_micro_segments has its current name.
select customer_key
from {{ ref('customer_360') }}
where micro_segment_id = 4
