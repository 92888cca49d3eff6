{#- Fails with every code that its vocabulary of the catalogue does not have; `columns` gives the vocabulary of each column. -#}
{% test known_codes(model, columns) %}
with known as (
    select vocabulary || ' ' || code as entry from {{ source('catalogue', 'codes') }}
)

{% for column, vocabulary in columns.items() %}
select
    '{{ column }}' as column_name,
    {{ column }} as code
from {{ model }}
where
    {{ column }} is not null
    and '{{ vocabulary }} ' || {{ column }} not in (select known.entry from known)
{{ 'union all' if not loop.last }}
{% endfor %}
{% endtest %}
