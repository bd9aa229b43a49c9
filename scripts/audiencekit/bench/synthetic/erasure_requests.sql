select 'x' || person_id as request_id, 'contact_id' as id_type, contact_id as id_value, ago(86400) as requested_at
from people
where chance(person_id, 102) < 0.001
