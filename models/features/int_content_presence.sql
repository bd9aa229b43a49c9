-- One row: whether any web event of a customer is about content. Where none is, the landing does not track content.
select coalesce(bool_or(event_kind = 'content'), false) as has_content
from {{ ref('fct_events') }}
