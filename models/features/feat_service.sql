-- One row per customer and moment: contacts with customer service that were open then, and those of the 90 days before.
-- Null where the landing has no service contacts.
with

contacts as (

    select
        spine.customer_key,
        spine.moment_at,
        contacts.service_contact_id,
        contacts.opened_at,
        contacts.satisfaction,
        coalesce(contacts.closed_at >= spine.moment_at, contacts.status = 'open') as is_open,
        {{ micros_between('contacts.opened_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_service_contacts') }} as contacts
    inner join {{ ref('int_feature_spine') }} as spine
        on contacts.customer_key = spine.customer_key and contacts.opened_at < spine.moment_at

),

counted as (

    select
        customer_key,
        moment_at,
        count(*) filter (where is_open) as open_service_contacts,
        count(*) filter (where {{ in_window(90, 'day') }}) as service_contacts_90d,
        max_by(satisfaction, opened_at) filter (where satisfaction is not null) as last_satisfaction
    from contacts
    group by customer_key, moment_at

)

select
    spine.customer_key,
    spine.moment_at,
    case when present.has_service_contacts then coalesce(counted.open_service_contacts, 0) end as open_service_contacts,
    case when present.has_service_contacts then coalesce(counted.service_contacts_90d, 0) end as service_contacts_90d,
    counted.last_satisfaction
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
left join counted on spine.customer_key = counted.customer_key and spine.moment_at = counted.moment_at
