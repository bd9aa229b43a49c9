{#-
    A text as a JSON string, as text; JSON's null where there is none. Control characters other than tabs and line breaks
    show nothing and are left out. The backslash is chr(92), because engines read it differently in a literal.
-#}
{% macro json_string(text) -%}
    {%- set silent = [] -%}
    {%- for code in range(32) if code not in (9, 10, 13) -%}
        {%- do silent.append('chr(' ~ code ~ ')') -%}
    {%- endfor -%}
    {%- set escaped = namespace(sql='translate(' ~ text ~ ', ' ~ silent | join(' || ') ~ ", '')") -%}
    {%- for character, escape in (('chr(92)', 'chr(92)'), ("'\"'", "'\"'"), ('chr(9)', "'t'"), ('chr(10)', "'n'"), ('chr(13)', "'r'")) -%}
        {%- set escaped.sql = 'replace(' ~ escaped.sql ~ ', ' ~ character ~ ', chr(92) || ' ~ escape ~ ')' -%}
    {%- endfor -%}
    coalesce('"' || {{ escaped.sql }} || '"', 'null')
{%- endmacro %}
