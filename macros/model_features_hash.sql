{#- A hash of the features that models of a method are trained on. `method` is a column with the seed's methods. -#}
{% macro model_features_hash(method) -%}
    case {{ method }}
        when 'classifier' then '{{ local_md5(model_features() | join(',')) }}'
        when 'clusters' then '{{ local_md5(cluster_features() | join(',')) }}'
        else 'purchase history'
    end
{%- endmacro %}
