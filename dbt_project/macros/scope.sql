{#- What a document is about. -#}

{#- Whether a document is about a department with its subordinate units or about its own level alone, by its title and the
    name of the department. -#}
{% macro scope_of(title, department) -%}
    case
        when regexp_matches(concat({{ title }}, {{ department }}), '本级') then 'own_level'
        when regexp_matches(concat({{ title }}, {{ department }}), '汇总|含下属|及所属|含所属') then 'consolidated'
        else 'unstated'
    end
{%- endmacro %}
