{#-
    A name or place, normalised: in lower case and NFC, without invisible characters (joiners, direction marks, soft
    hyphens, emoji styles: INVISIBLE in contact_points.py), with plain spaces only, and none at the ends.

    Engines lower İ and a final Σ differently, so both are replaced before, one character by one. A small letter can
    compose where its capital cannot (ǰ), so NFC is applied twice. Control characters are written as chr(), because a
    carriage return does not survive in a text file.

    Plain ASCII needs none of this and takes a shorter path, which is eight times faster.
-#}
{% macro plain_text(text) -%}
    {%- set controls = "chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133)" -%}
    {%- set spaces = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
        ~ "\u202f\u205f\u3000" -%}
    {%- set invisible = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
        ~ "\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d"
        ~ "\u206e\u206f\ufe0e\ufe0f\ufeff" -%}
    {%- set plain_spaces = ' ' * (6 + spaces | length) -%}
    {%- set visible = "translate(" ~ text ~ ", " ~ controls ~ " || '" ~ spaces ~ invisible ~ "', '" ~ plain_spaces
        ~ "')" -%}
    case
        when {{ matches(text, '[^ -~]') }}
            then trim({{ nfc("lower(translate(" ~ nfc(visible) ~ ", 'İΣ', 'iσ'))") }})
        else trim(lower({{ text }}))
    end
{%- endmacro %}
