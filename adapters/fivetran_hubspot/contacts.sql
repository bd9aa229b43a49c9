-- One row per contact. One that was merged away stays, with the contact that it was merged into.
with

person_rows as (

    select * from people
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- From the audit, and from the survivors' lists of ids.
merged as (

    select canonical_vid as survivor_id, vid_to_merge as merged_id
    from merges
    where canonical_vid is not null and vid_to_merge is not null
    union
    select id, unnest(hubspot_ids(property_hs_merged_object_ids))
    from person_rows
    where is_current(fivetran_deleted, fivetran_active)

),

losers as (

    select merged_id, max(survivor_id) as survivor_id
    from merged
    where merged_id <> survivor_id and merged_id <> ''
    group by merged_id

),

survivors as (

    select survivor_id, string_agg(merged_id, ';' order by merged_id) as merged_ids
    from losers
    group by survivor_id

)

select
    person_rows.row_number,
    person_rows.id as contact_id,
    person_rows.property_email as email,
    coalesce(person_rows.property_mobilephone, person_rows.property_phone) as phone,
    person_rows.property_firstname as first_name,
    person_rows.property_lastname as last_name,
    person_rows.property_date_of_birth as birth_date,
    person_rows.property_address as street,
    person_rows.property_city as city,
    person_rows.property_state as region,
    person_rows.property_zip as postal_code,
    coalesce(person_rows.property_hs_country_region_code, person_rows.property_country) as country_code,
    survivors.merged_ids,
    losers.survivor_id as merged_into_id,
    -- Opted out of all e-mail, or of a type of it.
    hubspot_opt_out(person_rows.property_hs_email_optout, person_rows.optouts_by_type) as email_opt_out,
    case
        when lower(person_rows.property_hs_data_privacy_ads_consent) in ('false', 'f', 'no', '0') then 'yes'
    end as ads_opt_out,
    person_rows.property_createdate as created_at,
    person_rows.property_lastmodifieddate as updated_at
from person_rows
left join losers on person_rows.id = losers.merged_id
left join survivors on person_rows.id = survivors.survivor_id
where is_current(person_rows.fivetran_deleted, person_rows.fivetran_active) or losers.survivor_id is not null
