-- One row per contact. To have opted out of any type of e-mail is a refusal, because the export does not say which
-- types are marketing. HubSpot exports no grant. What is neither yes nor no is passed on, so that it stops the run.
select
    row_number,
    record_id as contact_id,
    hubspot_addresses(email, additional_email_addresses) as email,
    coalesce(mobile_phone_number, phone_number) as phone,
    first_name,
    last_name,
    date_of_birth as birth_date,
    street_address as street,
    street_address_2 as address_2,
    city,
    state_region as region,
    postal_code,
    country_region as country_code,
    nullif(concat_ws(';', merged_record_ids, merged_vids_with_timestamps_of_a_contact, all_vids_for_a_contact), '')
        as merged_ids,
    coalesce(hubspot_refusals(unsubscribed_from_all_email, opted_out_of_email)[1], 'false') as email_opt_out,
    case when is_no(hs_data_privacy_ads_consent) then 'yes' end as ads_opt_out,
    create_date as created_at,
    last_modified_date as updated_at
from contacts
where not coalesce(is_yes(is_deleted), false)
