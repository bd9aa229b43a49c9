-- One row per pair of identifiers that a steward decided about: whether they belong to one person or to two.
select
    decision,
    left_id_type,
    left_id_value,
    right_id_type,
    right_id_value,
    decided_at,
    decided_by,
    reason
from {{ latest_version(
    'identity_decisions', ['left_id_type', 'left_id_value', 'right_id_type', 'right_id_value'],
    event_at='decided_at', latest_by='decided_at'
) }}
