-- One row per pair of records that are compared, with how far each field agrees: a pattern of one character a field, as
-- macros/agreement.sql defines it.
{{ agreement(ref('int_match_candidates'), other_columns=['is_random']) }}
