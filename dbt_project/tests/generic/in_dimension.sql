{#- Fails with every combination of the columns that a dimension has no row of; a combination with a null is of no member. -#}
{% test in_dimension(model, dimension, columns) %}
select distinct {{ columns | join(', ') }}
from {{ model }}
where
    {% for column in columns %}
    {{ column }} is not null and
    {% endfor %}
    ({{ columns | join(', ') }}) not in (
        select ({{ columns | join(', ') }})
        from {{ ref(dimension) }}
        where {{ columns | join(' is not null and ') }} is not null
    )
{% endtest %}
