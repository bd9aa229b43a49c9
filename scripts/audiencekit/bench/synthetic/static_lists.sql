select 'vip' as list_code, 'contact_id' as id_type, contact_id as id_value, ago(86400 * joined_days_ago) as added_at
from people
where chance(person_id, 101) < 0.005
