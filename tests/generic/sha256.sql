{#- Every value that is there is 64 lowercase hex digits, and none is the hash of the empty string. -#}
{% test sha256(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where
        length({{ column_name }}) <> 64
        or translate({{ column_name }}, '0123456789abcdef', '') <> ''
        or {{ column_name }} = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
{% endtest %}
