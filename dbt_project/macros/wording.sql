{#- What a label or a unit lets a rule conclude. -#}

{#- True where a text holds nothing: blank, 无 or a dash. -#}
{% macro is_empty_text(text) -%}
    coalesce(trim({{ text }}, ' 　'), '') in ('', '无', '/', '-', '－', '—', '——')
{%- endmacro %}

{#- True where a number may be compared with another: both numeric, and units equal or one of them unwritten. A bare number
    stands for per cent only up to 100 and where the indicator's name says that it is a rate. -#}
{% macro are_comparable(value, unit, other_value, other_unit, name) -%}
    (
        {{ value }} is not null and {{ other_value }} is not null
        and (
            {{ unit }} is not distinct from {{ other_unit }}
            or ({{ unit }} is null and {{ other_unit }} <> '%')
            or ({{ other_unit }} is null and {{ unit }} <> '%')
            or (
                coalesce({{ unit }}, '%') = '%' and coalesce({{ other_unit }}, '%') = '%'
                and {{ value }} <= 100 and {{ other_value }} <= 100
                and regexp_matches({{ name }}, '率|度')
            )
        )
    )
{%- endmacro %}

{#- The three phases of a year in their order; final accounts and executed amounts are the same phase. -#}
{% macro phase_order(phase_code) -%}
    list_position(['budget_initial', 'budget_final', 'budget', 'executed', 'final_accounts'], {{ phase_code }})
{%- endmacro %}

{#- A check's message with its placeholders filled; null for outcomes that nobody needs to read. -#}
{% macro message(language) -%}
    if(
        outcome in ('ok', 'not_applicable'),
        null,
        trim(replace(replace(replace(replace(replace(
            template_{{ language }},
            '{stated}', stated_text),
            '{computed}', computed_text),
            '{difference}', difference_text),
            '{subject_{{ language }}}', subject_{{ language }}),
            '{detail_{{ language }}}', detail_{{ language }})) || reason_{{ language }}
    )
{%- endmacro %}

{#- A name as it is compared across years and forms: without white space, brackets, quotes and commas. -#}
{% macro plain_name(name) -%}
    regexp_replace({{ name }}, '[\s\x{3000}（）()\[\]【】“”"''、，,：:；;。.]', '', 'g')
{%- endmacro %}
