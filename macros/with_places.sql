{#-
    A relation called `latest`, with the places of its rows as codes: iso_country, and with has_address also iso_region and
    full_postal_code. unknown_country and unknown_region hold what is written and not recognised.

    A country is recognised by its name or code in any spelling of seeds/country_names.csv; without one, by a region such as
    US-CA. A region of the US, Canada or Australia is recognised by seeds/region_names.csv; of other countries it is what is
    written, in capitals. A spreadsheet takes the zeros from the front of postal codes in the US: 2138 is 02138.
-#}
{% macro with_places(latest, has_address=false) -%}
    (
        select
            latest.*,
            {%- if has_address %}
            coalesce(countries.iso_code, whole_codes.iso_code) as iso_country,
            coalesce(named_regions.region_code, whole_codes.region_code, upper(latest.region)) as iso_region,
            case
                when
                    coalesce(countries.iso_code, whole_codes.iso_code) in ('US', 'PR')
                    and {{ matches('latest.postal_code', '^[0-9]{3,4}(-[0-9]{4})?$') }}
                    then repeat('0', 5 - length(split_part(latest.postal_code, '-', 1))) || latest.postal_code
                else latest.postal_code
            end as full_postal_code,
            case
                when countries.iso_code in ('US', 'CA', 'AU') and named_regions.region_code is null then latest.region
            end as unknown_region,
            case when coalesce(countries.iso_code, whole_codes.iso_code) is null then latest.country_code end
            {%- else %}
            countries.iso_code as iso_country,
            case when countries.iso_code is null then latest.country_code end
            {%- endif %} as unknown_country
        from {{ latest }}
        left join {{ ref('country_names') }} as countries
            on {{ place_key('latest.country_code') }} = countries.written_name
        {%- if has_address %}
        left join {{ ref('region_names') }} as named_regions
            on
                countries.iso_code = named_regions.iso_code
                and {{ place_key('latest.region') }} = named_regions.written_name
        left join {{ ref('region_names') }} as whole_codes
            on
                case when latest.country_code is null and latest.region like '%-%' then {{ place_key('latest.region') }} end
                = whole_codes.written_name
                and upper(latest.region) = whole_codes.iso_code || '-' || whole_codes.region_code
        {%- endif %}
    ) as located
{%- endmacro %}
