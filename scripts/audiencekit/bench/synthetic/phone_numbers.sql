-- One row per phone number that regulators reserve for fiction (US: 555-0100 to 0199; Arcep, ACMA, Ofcom,
-- Bundesnetzagentur) and that libphonenumber accepts as valid. `place` numbers them within a country.
with

blocks as (

    select 'US' as country_code, '+1' || unnest(getvariable('us_areas')) || '55501' as stem, 2 as digits
    union all
    select 'FR', '+33' || unnest(['19900', '26191', '35301', '46571', '53649']), 4
    union all
    select 'AU', '+61' || unnest(['25550', '27010', '35550', '37010', '75550', '77010', '85550', '87010']), 4
    union all
    select 'GB', '+44' || unnest(['1134960', '1144960', '1164960', '1174960', '1184960', '1214960', '2079460']), 3
    union all
    select 'DE', '+49' || unnest(['3023125', '4066969', '6990009', '8999998', '2214710']), 3

),

numbers as (

    select country_code, stem || lpad(cast(unnest(range(cast(power(10, digits) as bigint))) as varchar), digits, '0') as phone
    from blocks

)

select country_code, phone, row_number() over (partition by country_code order by phone) as place
from numbers
where phone <> '+12025550100'
