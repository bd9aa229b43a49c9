-- One row per tie and record it connects: the firm ones, and addresses and numbers that are one person's; and how much
-- it ties (bits).
select
    id_type,
    id_value,
    record_id,
    tie_weight
from {{ ref('int_strong_links') }}
union all
select
    id_type,
    id_value,
    record_id,
    tie_weight
from {{ ref('int_identifier_links') }}
where is_shared_in_households
