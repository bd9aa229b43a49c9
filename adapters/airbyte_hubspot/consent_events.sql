-- One row per change of a subscription to e-mail, and purpose.
-- noqa: disable=structure.unused_cte, because hubspot_limited_grants reads them by their name
with

changes as (

    select * from changes_of('change_stream')
    where change not in ('BOUNCED', 'REPORTED_SPAM', 'NEVER_SUBSCRIBED') or change is null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

)

select
    changes.row_number,
    changes.id as consent_event_id,
    'email' as id_type,
    changes.recipient as id_value,
    purposes.purpose,
    -- A change that cannot be read may be a refusal. No state is called so, and the run stops.
    coalesce(hubspot_decision(changes.change), 'not readable: ' || left(changes.changes, 30), 'none') as status,
    changes.timestamp as decided_at,
    'hubspot' as consent_source
from changes
cross join (values ('email_marketing'), ('newsletter')) as purposes (purpose)
where changes.id not in (select limited.id from hubspot_limited_grants('changes') as limited)
