-- One row per pattern of agreement, among pairs with something in common and among random ones.
select
    pattern,
    is_random,
    count(*) as pairs
from {{ ref('int_match_levels') }}
group by pattern, is_random
