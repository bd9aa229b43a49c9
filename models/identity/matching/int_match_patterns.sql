-- One row per pattern of agreement and kind of pair (candidate or random), with how many pairs have it.
select
    pattern,
    is_random,
    count(*) as pairs
from {{ ref('int_match_levels') }}
group by pattern, is_random
