-- Customers who buy alike, group 6. rpt_micro_segments says what it is called today.
select customer_key
from {{ ref('customer_360') }}
where micro_segment_id = 6
