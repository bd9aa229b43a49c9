-- One row per customer key whose identifiers moved to another customer, over all published builds and this one.
{% set columns = ['action', 'previous_key', 'customer_key', 'reason', 'changed_at'] %}
select {{ columns | join(', ') }}
from {{ all_builds('identity_changes', 'int_identity_changes', columns) }} as changes
where changed_at <= {{ built_at() }}
