-- One row per contact: every person once, and one in ten twice, with the e-mail typed again or only the phone and the
-- login.
with

copies as (

    select
        *,
        unnest(case when chance(person_id, 20) < 0.1 then [1, 2] else [1] end) as copy,
        chance(person_id, 21) as typing,
        chance(person_id, 22) as completeness
    from people

)

select
    contact_id || case when copy = 2 then 'b' else '' end as contact_id,
    case
        when copy = 1 and typing < 0.97 then email
        when copy = 1 then upper(email)
        when typing < 0.5 then ' ' || upper(substr(email, 1, 1)) || substr(email, 2)
    end as email,
    phone,
    first_name,
    last_name,
    case when completeness < 0.5 then cast(birth_date as varchar) end as birth_date,
    case when completeness < 0.7 then street end as street,
    case when completeness < 0.7 then house_number end as house_number,
    cast(null as varchar) as address_2,
    pick(['Springfield', 'Riverside', 'Fairview', 'Georgetown'], typing) as city,
    region,
    postal_code,
    country_code,
    case when copy = 2 or completeness < 0.3 then account_id end as account_id,
    case when completeness < 0.6 then card_number end as card_number,
    cast(null as varchar) as merged_ids,
    cast(null as varchar) as merged_into_id,
    case when completeness >= 0.5 and completeness < 0.8 then pick(['19-24', '25-34', '35-44', '45-54', '55-64', '65+'], typing) end
        as age_band,
    case when completeness < 0.4 then pick(['Under 15K', '35-49K', '50-74K', '100-124K', '150K+'], typing) end as income_band,
    case when completeness < 0.4 then pick(['1', '2', '3', '4', '5+'], typing) end as household_size,
    case when completeness < 0.4 then pick(['0', '1', '2', '3+'], typing) end as kids_count,
    cast(null as varchar) as source_system,
    cast(null as boolean) as email_opt_in,
    case when chance(person_id, 28) < 0.03 then true end as email_opt_out,
    cast(null as boolean) as newsletter_opt_in,
    cast(null as boolean) as sms_opt_in,
    cast(null as boolean) as sms_opt_out,
    cast(null as boolean) as ads_opt_out,
    cast(null as timestamp) as unsubscribed_at,
    ago(86400 * joined_days_ago) as created_at,
    ago(86400 * joined_days_ago * chance(person_id, 22 + copy)) as updated_at
from copies
