-- One row per static list and identifier on it.
select
    lower(list_code) as list_code,
    id_type,
    id_value,
    added_at
from {{ latest_version(
    'static_lists', ['list_code', 'id_type', 'id_value'], event_at='added_at', latest_by='added_at'
) }}
