{#- What marts say about a figure beside its value. -#}

{#- True where one of the fact rows that a figure was made of stands under an open contradiction; the query joins
    int_failed_figures as `failed`. -#}
{% macro is_contradicted(row_ids) -%}
    coalesce(list_has_any({{ row_ids }}, failed.row_ids), false)
{%- endmacro %}

{#- An amount of three-public expenses beside the one of the year before: the table was headed 一般公共预算财政拨款 up to fiscal
    year 2021 and 财政拨款 from 2022. -#}
{% macro three_public_comparability(fiscal_year) -%}
    if({{ fiscal_year }} = 2022, 'series_break', 'comparable')
{%- endmacro %}
