-- One row per table of the landing contract: is it there, and how many rows came through intake.
select
    tables.table_name,
    tables.is_present,
    tables.file_names,
    tables.rows_in,
    tables.rows_kept,
    tables.rows_quarantined,
    tables.rows_held_back,
    coalesce(erased.rows_erased, 0) as rows_erased,
    tables.newest_at
from {{ source('intake', 'tables') }} as tables
left join {{ source('intake', 'erased_counts') }} as erased on tables.table_name = erased.table_name
