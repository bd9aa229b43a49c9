-- One row per decision of a data steward: the login of a few people is linked to their contact.
select
    'link' as decision,
    'contact_id' as left_id_type,
    contact_id as left_id_value,
    'account_id' as right_id_type,
    account_id as right_id_value,
    ago(86400 * joined_days_ago / 2) as decided_at,
    'simulated steward' as decided_by,
    'same person on the phone' as reason
from people
where account_id is not null and chance(person_id, 102) < 0.001
