{#-
    The joins that read the country of a row of `latest`, and its region where it has one. A country is a name or a code
    in any spelling of seeds/country_names.csv. Without one, a region such as US-CA says it. The columns are read by
    country_code(), region_code() and postal_code().
-#}
{% macro join_places(region=none) -%}
    left join {{ ref('country_names') }} as countries on {{ place_key('latest.country_code') }} = countries.written_name
    {%- if region %}
    left join {{ ref('region_names') }} as regions
        on
            {{ place_key(region) }} = regions.written_name
            and (
                countries.iso_code = regions.iso_code
                or (
                    latest.country_code is null
                    and {{ place_key(region) }} = lower(regions.iso_code || regions.region_code)
                    and {{ region }} like '%-%'
                )
            )
    {%- endif %}
{%- endmacro %}

{#- ISO 3166 two-letter country; null where it is not recognised. -#}
{% macro country_code(has_region=false) -%}
    {{ 'coalesce(countries.iso_code, regions.iso_code)' if has_region else 'countries.iso_code' }}
{%- endmacro %}

{#- The code of a region of the US, Canada and Australia, as CA; of other countries what is written, in capitals. -#}
{% macro region_code(region) -%} coalesce(regions.region_code, upper({{ region }})) {%- endmacro %}

{#- A postal code. A spreadsheet takes the zeros from the front of codes in the US: 2138 is 02138. -#}
{% macro postal_code(postal_code) -%}
    case
        when {{ country_code(true) }} in ('US', 'PR') and {{ matches(postal_code, '^[0-9]{3,4}(-[0-9]{4})?$') }}
            then lpad(split_part({{ postal_code }}, '-', 1), 5, '0') || substring({{ postal_code }}, length(split_part({{ postal_code }}, '-', 1)) + 1)
        else {{ postal_code }}
    end
{%- endmacro %}
