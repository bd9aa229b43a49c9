-- One row per contact. One that was merged away stays, with the contact that it was merged into.
with

person_rows as (

    select
        *,
        coalesce(is_yes(archived), false) as is_archived,
        -- The opt-out of a type has a column of its own, unless the connection leaves it out. Then it is in the JSON.
        concat_ws('; ', optouts_by_type, array_to_string(list_transform(
            list_filter(
                json_keys(try_cast(properties as json)),
                lambda name: regexp_full_match(name, 'hs_email_optout(_[0-9]+)?')
            ),
            lambda name: json_extract_string(try_cast(properties as json), '$.' || name)
        ), '; ')) as optouts,
        coalesce(
            properties_hs_data_privacy_ads_consent,
            json_extract_string(try_cast(properties as json), '$.hs_data_privacy_ads_consent')
        ) as ads_consent
    from contact_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

-- From the audit, and from the survivors' lists of ids.
merged as (

    select canonical_vid as survivor_id, vid_to_merge as merged_id
    from merge_stream
    where canonical_vid is not null and vid_to_merge is not null
    union
    select id, unnest(hubspot_ids(properties_hs_merged_object_ids))
    from person_rows
    where not is_archived

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
    person_rows.properties_email as email,
    coalesce(person_rows.properties_mobilephone, person_rows.properties_phone) as phone,
    person_rows.properties_firstname as first_name,
    person_rows.properties_lastname as last_name,
    person_rows.properties_date_of_birth as birth_date,
    person_rows.properties_address as street,
    person_rows.properties_city as city,
    person_rows.properties_state as region,
    person_rows.properties_zip as postal_code,
    coalesce(person_rows.properties_hs_country_region_code, person_rows.properties_country) as country_code,
    survivors.merged_ids,
    losers.survivor_id as merged_into_id,
    -- Opted out of all e-mail, or of a type of it.
    hubspot_opt_out(person_rows.properties_hs_email_optout, person_rows.optouts) as email_opt_out,
    case when is_no(person_rows.ads_consent) then 'yes' end as ads_opt_out,
    person_rows.created_at,
    person_rows.updated_at
from person_rows
left join losers on person_rows.id = losers.merged_id
left join survivors on person_rows.id = survivors.survivor_id
-- Deleted contacts are left out, unless they were merged or refuse something.
where
    not person_rows.is_archived
    or losers.survivor_id is not null
    or coalesce(is_yes(hubspot_opt_out(person_rows.properties_hs_email_optout, person_rows.optouts)), false)
    or coalesce(is_no(person_rows.ads_consent), false)
