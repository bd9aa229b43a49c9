select
    'synthetic_offer' as experiment_code,
    'u' || person_id as unit_id,
    outcome_name,
    round(case
        when outcome_name = 'spend' then exp(3 + 0.7 * bell(person_id, 113) + 0.7 * bell(person_id, 115))
        else cast(chance(person_id, 117) < 0.1 as integer)
    end, 2) as value,
    case when outcome_name = 'spend' then round(exp(3 + 0.7 * bell(person_id, 113)), 2) end as before_value,
    ago(86400 * 30) as observed_at,
    cast(null as varchar) as outcome_id,
    cast(null as varchar) as id_type
from people
cross join (values ('spend'), ('clicked')) as t (outcome_name)
where chance(person_id, 110) < 0.5
