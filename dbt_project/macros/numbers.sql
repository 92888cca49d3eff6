{#- Money, rates and points stay decimal; DuckDB divides to DOUBLE, so every quotient passes through one of these. -#}

{#- A quotient with ten places, to be compared before it is rounded to the printed places. -#}
{% macro exact_ratio(numerator, denominator) -%}
    cast(cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0) as decimal(28, 10))
{%- endmacro %}

{#- A share in per cent with four places, as marts give it; null where the denominator is 0. -#}
{% macro percentage(numerator, denominator) -%}
    cast(round({{ exact_ratio(numerator, denominator) }} * 100, 4) as decimal(18, 6))
{%- endmacro %}

{#- Half a unit of the last printed place: 0.005 at two decimals, 0.5 when printed whole. -#}
{% macro half_unit(decimals) -%}
    cast(0.5 / power(10, {{ decimals }}) as decimal(28, 10))
{%- endmacro %}

{#- An exact value as a form would print it. -#}
{% macro as_printed(exact, decimals) -%}
    cast(round(cast({{ exact }} as double), cast({{ decimals }} as integer)) as decimal(18, 6))
{%- endmacro %}

{#- A number in a message: two places for money, rates and points, as few as needed for everything else. -#}
{% macro spelled(value, unit) -%}
    case
        when {{ unit }} in ('万元', '%', '分') and round({{ value }}, 2) = {{ value }}
            then cast(cast({{ value }} as decimal(18, 2)) as varchar)
        else rtrim(rtrim(cast({{ value }} as varchar), '0'), '.')
    end
{%- endmacro %}

{#- An amount per head with four places; null without heads. -#}
{% macro per_head(amount, heads) -%}
    cast(round({{ exact_ratio(amount, heads) }}, 4) as decimal(18, 6))
{%- endmacro %}
