-- One row per notice about identifiers that link nobody.
select
    cast(null as string) as table_name,
    'values of ' || id_type || ' that are not one person''s (' || reason || ') and link nobody' as notice,
    ids as cases,
    'rpt_shared_ids' as details
from {{ ref('rpt_shared_ids') }}
union all
select
    'contacts',
    'ids that are also logins, and too short to be certain: if they mean the same people, give contacts account_id',
    count(*),
    cast(null as string)
from {{ ref('int_contact_logins') }}
where not is_certain
having count(*) > 0
