select
    'synthetic_offer' as experiment_code,
    'u' || person_id as unit_id,
    case when chance(person_id, 111) < 0.5 then 'offer' else 'none' end as arm,
    ago(86400 * 60) as assigned_at,
    pick(['north', 'east', 'south', 'west'], chance(person_id, 112)) as stratum,
    cast(null as varchar) as id_type
from people
where chance(person_id, 110) < 0.5
