-- One row per kind of id and reason why ids of it are not one person's, with how many ids and records that are.
select
    id_type,
    reason,
    count(*) as ids,
    cast(sum(records) as bigint) as records_affected
from {{ ref('int_shared_ids') }}
group by id_type, reason
