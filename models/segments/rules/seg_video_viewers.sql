-- Started at least two videos in a month.
select customer_key
from {{ ref('customer_360') }}
where video_plays_30d >= 2
