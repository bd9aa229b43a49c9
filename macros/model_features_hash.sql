{#- Tells whether a version was fitted to the features of today; `method` is a column of the seed's methods. -#}
{% macro model_features_hash(method) -%}
    case {{ method }}
        when 'classifier' then '{{ local_md5(model_features() | join(',')) }}'
        when 'clusters' then '{{ local_md5(cluster_features() | join(',')) }}'
        else 'purchase history'
    end
{%- endmacro %}
