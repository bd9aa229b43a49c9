-- One row per change of a subscription to e-mail, and purpose.
with

changes as (

    select
        row_number,
        coalesce(fivetran_id, concat_ws(' ', recipient, timestamp, email_subscription_id)) as id,
        recipient,
        timestamp,
        upper(change) as change,
        coalesce(email_subscription_id, 'all') as subscription
    from subscription_changes
    where upper(change) not in ('BOUNCED', 'REPORTED_SPAM', 'NEVER_SUBSCRIBED') or change is null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

)

select
    changes.row_number,
    changes.id as consent_event_id,
    'email' as id_type,
    changes.recipient as id_value,
    purposes.purpose,
    hubspot_decision(changes.change) as status,
    changes.timestamp as decided_at,
    'hubspot' as consent_source
from changes
cross join (values ('email_marketing'), ('newsletter')) as purposes (purpose)
where changes.id not in (select limited.id from hubspot_limited_grants('changes') as limited)
