-- One row per contact, and one per lead. A lead that was converted is the contact that it became.
with

both_kinds as (

    select
        row_number, id, email, coalesce(mobile_phone, phone) as phone, first_name, last_name, birthdate,
        mailing_street as street, mailing_city as city, coalesce(mailing_state_code, mailing_state) as state,
        mailing_postal_code as postal_code, coalesce(mailing_country_code, mailing_country) as country,
        has_opted_out_of_email, et4ae5_has_opted_out_of_mobile_c as mobile_opt_out, do_not_call, individual_id,
        created_date, last_modified_date, master_record_id, is_deleted, fivetran_deleted, fivetran_active, loaded_at
    from people
    union all
    select
        row_number, id, email, coalesce(mobile_phone, phone), first_name, last_name, null,
        street, city, coalesce(state_code, state), postal_code, coalesce(country_code, country),
        has_opted_out_of_email, et4ae5_has_opted_out_of_mobile_c, do_not_call, individual_id,
        created_date, last_modified_date,
        coalesce(master_record_id, case when is_yes(is_converted) then converted_contact_id end),
        is_deleted, fivetran_deleted, fivetran_active, loaded_at
    from leads

),

person_rows as (

    select * from both_kinds
    where id is not null
    qualify
        row_number() over (
            partition by id
            order by coalesce(is_yes(fivetran_active), true) desc, loaded_at desc nulls last, row_number desc
        ) = 1

),

refusals as (

    select
        id,
        bool_or(is_yes(has_opted_out_solicit) or coalesce(is_yes(is_to_be_erased), false)) as no_email,
        bool_or(
            is_yes(has_opted_out_solicit)
            or is_yes(has_opted_out_processing)
            or coalesce(is_yes(has_opted_out_profiling), false)
            or coalesce(is_yes(is_to_be_erased), false)
        ) as no_ads
    from individuals
    group by id

)

select
    person_rows.row_number,
    person_rows.id as contact_id,
    person_rows.email,
    person_rows.phone,
    person_rows.first_name,
    person_rows.last_name,
    person_rows.birthdate as birth_date,
    person_rows.street,
    person_rows.city,
    person_rows.state as region,
    person_rows.postal_code,
    person_rows.country as country_code,
    person_rows.master_record_id as merged_into_id,
    case when refusals.no_email then 'yes' else person_rows.has_opted_out_of_email end as email_opt_out,
    salesforce_sms_opt_out(person_rows.mobile_opt_out, person_rows.do_not_call) as sms_opt_out,
    case when refusals.no_ads then 'yes' end as ads_opt_out,
    person_rows.created_date as created_at,
    person_rows.last_modified_date as updated_at
from person_rows
left join refusals on person_rows.individual_id = refusals.id
where
    -- A record that was merged away is deleted, and keeps its refusals.
    person_rows.master_record_id is not null
    or (
        is_current(person_rows.fivetran_deleted, person_rows.fivetran_active)
        and not coalesce(is_yes(person_rows.is_deleted), false)
    )
