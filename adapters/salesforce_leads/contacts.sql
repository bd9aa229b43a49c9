-- One row per lead. A lead that became a contact, or was merged into another lead, is tied to that one, whom its
-- refusals are about. Any other deleted lead is left out.
select
    row_number,
    id as contact_id,
    email,
    coalesce(mobile_phone, phone) as phone,
    first_name,
    last_name,
    street,
    city,
    state as region,
    postal_code,
    country as country_code,
    coalesce(master_record_id, converted_contact_id) as merged_into_id,
    has_opted_out_of_email as email_opt_out,
    salesforce_sms_opt_out(et4ae5_has_opted_out_of_mobile_c, do_not_call) as sms_opt_out,
    created_date as created_at,
    last_modified_date as updated_at
from leads
where not coalesce(is_yes(is_deleted), false) or coalesce(master_record_id, converted_contact_id) is not null
