-- One row per contact. A deleted contact is left out, unless it was merged into another one, whom its refusals are
-- about.
select
    row_number,
    id as contact_id,
    email,
    coalesce(mobile_phone, phone) as phone,
    first_name,
    last_name,
    birthdate as birth_date,
    mailing_street as street,
    mailing_city as city,
    mailing_state as region,
    mailing_postal_code as postal_code,
    mailing_country as country_code,
    master_record_id as merged_into_id,
    has_opted_out_of_email as email_opt_out,
    salesforce_sms_opt_out(et4ae5_has_opted_out_of_mobile_c, do_not_call) as sms_opt_out,
    created_date as created_at,
    last_modified_date as updated_at
from contacts
where not coalesce(is_yes(is_deleted), false) or master_record_id is not null
