-- One row per link and record it connects, with the weight of the link in bits: the strong links, and the e-mails and
-- phones that belong to one person.
select
    id_type,
    id_value,
    record_id,
    link_weight
from {{ ref('int_strong_links') }}
union all
select
    id_type,
    id_value,
    record_id,
    link_weight
from {{ ref('int_identifier_links') }}
where is_shared_in_households
