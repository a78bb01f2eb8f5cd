#!/usr/bin/env python3
"""What Python's jinja2, set as chat templates are rendered with, makes of many small templates.

    chat_template_golden.py FOLDER                       writes chat_templates.json
    chat_template_golden.py FOLDER TOKENIZER_CONFIG...   also of the templates in these files

Needs `jinja2`.
"""

import datetime
import json
import pathlib
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2024, 7, 26, 15, 4, 5)
MESSAGES = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "What is 2 + 2?"},
    {"role": "assistant", "content": "4, 'of course' \"é\""},
    {"role": "user", "content": "  Why?  "},
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tells the weather.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string"},
                    "days": {"type": "integer", "default": 1.5},
                },
                "required": ["place"],
            },
        },
    }
]
CALLS = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"type": "function", "function": {"name": "weather", "arguments": {"place": "Köln"}}}
        ],
    },
    {"role": "tool", "name": "weather", "content": '{"sun": true}'},
    {"role": "assistant", "content": "<think>\nsunny\n</think>\n\nSun."},
]
VARIABLES = {
    "messages": MESSAGES,
    "tools": TOOLS,
    "calls": CALLS,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "add_generation_prompt": True,
    "n": 7,
    "x": 2.5,
    "t": "Hello wörld",
    "nothing": None,
    "yes": True,
    "numbers": [3, 1, 2, 3],
    "words": ["b", "A", "c"],
    "people": [{"name": "Zoe", "age": 3}, {"name": "abe", "age": 5}],
    "nested": {"a": {"b": [1, {"c": "d"}]}, "items": 1},
    "empty": [],
    "blank": "",
}

TEMPLATES = [
    # print and text
    "plain",
    "",
    "a\n",
    "a\n\n",
    "{{ t }}",
    "{{ n }} {{ x }} {{ yes }} {{ nothing }} [{{ missing }}]",
    "{{ numbers }} {{ nested }}",
    "{{ words }}",
    "{{ 'it\\'s' }} {{ \"q\\n\\u00e9\\x41\" }} {{ 'a' 'b' }}",
    "{{ 1e3 }} {{ 1.0 }} {{ 0.1 + 0.2 }} {{ 1e20 }} {{ 1e-7 }} {{ 123456789.0 }}",
    "{{ 2 ** 10 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 7.5 // 2 }} {{ -2 ** 2 }} {{ 2 * 'ab' }} {{ [1] * 2 }}",
    "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 'a' ~ 1 ~ none }} {{ 'a' + 'b' }} {{ [1] + [2] }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ 'a' in 'cat' }} {{ 3 in numbers }} {{ 'a' not in nested }} {{ true and 0 or 'z' }}",
    "{{ not n }} {{ not missing }} {{ n if yes else t }} {{ n if blank }} {{ 'a' if blank else 'b' if empty else 'c' }}",
    "{{ nested.a.b[1].c }} {{ nested['a']['b'][0] }} {{ nested.missing }} {{ numbers[-1] }} {{ numbers[9] }} {{ t[0] }} {{ t[-1] }} {{ numbers.1 }}",
    "{{ numbers[1:] }} {{ numbers[:-1] }} {{ numbers[::-1] }} {{ numbers[::2] }} {{ t[1:4] }} {{ t[::-1] }} {{ numbers[5:1:-2] }}",
    "{{ nested.items() | list }} {{ nested['items'] }}",
    "{{ (1, 2)[1] }} {{ {'a': 1, 'b': [2]}.b }} {{ [1, [2, 'x']] }} {{ () | length }}",
    # white space
    "a {{- ' b ' -}} c",
    "  {% if yes %}\n  x\n  {% endif %}\n  y",
    "a\n   {%- if yes -%}   \n b {%- endif %}\n\nc",
    "{% if yes %}x{% endif %}\n\ny",
    "   {%+ if yes %}x{% endif +%}\ny",
    "a {# note #} b\n{# whole line #}\nc",
    "  {#- x -#}  d",
    "\r\na\r\nb\r\n",
    "{% for i in numbers %}\n{{ i }}\n{% endfor %}\n",
    "x\n\t {% set a = 1 %}\t\nz",
    "{% raw %}{{ not }} {% this %}{% endraw %} {{ n }}",
    "a\n  {% raw -%}  \n q {%- endraw %}\nb",
    "{{ '{{' }} {{ '}}' }} {{ {'a': {'b': 1}} }}",
    # statements
    "{% if n > 9 %}a{% elif n > 6 %}b{% else %}c{% endif %}",
    "{% for m in messages %}{{ loop.index }}/{{ loop.length }}:{{ m.role }}{{ '' if loop.last else ', ' }}{% endfor %}",
    "{% for i in numbers %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }} {% endfor %}",
    "{% for i in empty %}x{% else %}none{% endfor %} {% for i in missing %}x{% else %}none{% endfor %}",
    "{% for k, v in nested.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for i in numbers if i > 1 %}{{ i }}{{ loop.index }} {% endfor %}",
    "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for c in t %}{{ c }}.{% endfor %}",
    "{% for k in nested %}{{ k }}{% endfor %}",
    "{% for a in numbers %}{% for b in words %}{{ loop.index }}{{ a }}{{ b }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% set a = 1 %}{% for i in numbers %}{% set a = i %}{{ a }}{% endfor %}{{ a }}",
    "{% set ns = namespace(a=0, b='') %}{% for i in numbers %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}",
    "{% if yes %}{% set a = 3 %}{% endif %}{{ a }}",
    "{% set a, b = 1, 'x' %}{{ a }}{{ b }}",
    "{% set a %}  text {{ n }}\n{% endset %}[{{ a }}]",
    "{% set a | upper | trim %} up {% endset %}[{{ a }}]",
    "{% macro f(a, b='d', c=n) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ f(1) }}{{ f(2, 'z') }}{{ f(b=3, a=4) }}",
    "{% set z = 5 %}{% macro g() %}{{ z }}{{ hidden }}{% endmacro %}{% for hidden in [1] %}{{ g() }}{% endfor %}",
    "{% macro r(v) %}{% if v is mapping %}{% for k, w in v.items() %}{{ k }}({{ r(w) }}){% endfor %}{% elif v is iterable and v is not string %}{% for w in v %}{{ r(w) }},{% endfor %}{% else %}{{ v }}{% endif %}{% endmacro %}{{ r(nested) }}",
    "{% filter upper %}abc {{ t }}{% endfilter %}",
    "{% generation %}by the assistant{% endgeneration %}",
    "{%- set x = namespace(y=1) -%}{%- if x.y == 1 -%} ok {%- endif -%}",
    # filters
    "{{ t | upper }} {{ t | lower }} {{ 'a b-c d' | title }} {{ 'hELLO x' | capitalize }} {{ '  s ' | trim }}| {{ 'xxaxx' | trim('x') }}",
    "{{ t | length }} {{ numbers | length }} {{ nested | count }} {{ '' | length }}",
    "{{ numbers | join(', ') }} {{ people | join('; ', attribute='name') }} {{ words | join }}",
    "{{ missing | default('d') }} {{ blank | default('e', true) }} {{ blank | d('f') }}|{{ nothing | default('g') }}",
    "{{ numbers | first }} {{ numbers | last }} {{ empty | first }} {{ t | first }}",
    "{{ numbers | sort }} {{ words | sort }} {{ numbers | sort(reverse=true) }} {{ people | sort(attribute='age', reverse=true) | map(attribute='name') | list }}",
    "{{ numbers | unique | list }} {{ numbers | reverse | list }} {{ t | reverse }} {{ words | sort(case_sensitive=true) }}",
    "{{ numbers | sum }} {{ numbers | max }} {{ numbers | min }} {{ people | sum(attribute='age') }}",
    "{{ '12' | int }} {{ 'x' | int(3) }} {{ 3.9 | int }} {{ '2.5' | float }} {{ ' 7 ' | int }} {{ 2.567 | round(1) }} {{ 2.5 | round }} {{ 2.1 | round(method='ceil') }} {{ -3 | abs }}",
    "{{ t | replace('l', 'L') }} {{ t | replace('l', 'L', 1) }} {{ n | string }}{{ n | string | length }}",
    "{{ nested | items | list }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }}",
    "{{ people | selectattr('age', 'gt', 4) | map(attribute='name') | list }} {{ people | rejectattr('age', 'equalto', 3) | list | length }} {{ numbers | select('odd') | list }} {{ numbers | reject('==', 3) | list if false else 'skip' }}",
    "{{ words | map('upper') | list }} {{ people | selectattr('name') | list | length }} {{ people | map(attribute='x', default='?') | join }}",
    "{{ 'a\nb\n\nc' | indent }} {{ 'a\nb' | indent(2, true) }} {{ 'a\nb' | indent('> ') }}",
    "{{ nested | tojson }} {{ t | tojson }} {{ tools | tojson(indent=4) }} {{ [1.5, true, none, '<&\\\"/\\n'] | tojson }} {{ {} | tojson(indent=2) }}",
    "{{ '<a href=\"x\">' | e }} {{ '<b>' | safe }}",
    "{{ (numbers | map('string') | list) }}",
    # tests
    "{{ missing is defined }} {{ n is defined }} {{ missing is undefined }} {{ nothing is none }} {{ n is not none }} {{ t is string }} {{ n is number }} {{ x is float }} {{ n is integer }} {{ yes is boolean }}",
    "{{ nested is mapping }} {{ numbers is iterable }} {{ t is iterable }} {{ n is iterable }} {{ numbers is sequence }} {{ nested is sequence }} {{ n is odd }} {{ n is even }} {{ 9 is divisibleby 3 }} {{ yes is true }} {{ n is sameas n }}",
    "{{ 1 is in numbers }} {{ n is eq 7 }} {{ n is gt(3) and n is lt 9 }} {{ 'ab' is lower }} {{ 'AB' is upper }} {{ range is callable }} {{ not n is defined }}",
    # methods
    "{{ ' x '.strip() }}|{{ 'xxa'.lstrip('x') }}{{ 'axx'.rstrip('x') }} {{ t.upper() }} {{ t.title() }} {{ t.startswith('He') }} {{ t.endswith(('x', 'd')) }} {{ t.find('w') }} {{ t.count('l') }}",
    "{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a-b-c'.rsplit('-', 1) }} {{ '-'.join(words) }} {{ 'a</think>b'.split('</think>')[-1] }} {{ 'x'.replace('x', 'y') }} {{ 'l1\nl2'.splitlines() }}",
    "{{ nested.get('a').get('zz', 'no') }} {{ nested.get('q') }} {{ nested.keys() | list }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ '12'.isdigit() }} {{ 'Straße'.upper() }} {{ 'ÀÉ'.lower() }} {{ 'ab'.capitalize() }}",
    # functions
    "{{ range(3) | list }} {{ range(1, 7, 2) | list }} {{ range(3, 0, -1) | list }} {{ dict(a=1, b='c') }}",
    "{{ strftime_now('%d %b %Y') }} {% if strftime_now is defined %}yes{% endif %}",
    "{% set j = joiner(', ') %}{% for w in words %}{{ j() }}{{ w }}{% endfor %}",
    # prompts of common shapes
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'].strip() %}{% else %}{% set loop_messages = messages %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if loop.first and system_message is defined %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + content | trim + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content | trim + ' ' + eos_token }}{% endif %}{% endfor %}",
    "{%- if tools %}\n    {{- '<|im_start|>system\\n# Tools\\n' }}\n    {%- for tool in tools %}\n        {{- '\\n' }}\n        {{- tool | tojson }}\n    {%- endfor %}\n    {{- '<|im_end|>\\n' }}\n{%- endif %}\n"
    "{%- set ns = namespace(last=calls|length - 1, multi=true) %}\n{%- for message in calls[::-1] %}\n    {%- set index = (calls|length - 1) - loop.index0 %}\n    {%- if ns.multi and message.role == 'user' %}\n        {%- set ns.multi = false %}\n        {%- set ns.last = index %}\n    {%- endif %}\n{%- endfor %}\n"
    "{%- for message in calls %}\n    {%- if message.content is string %}\n        {%- set content = message.content %}\n    {%- else %}\n        {%- set content = '' %}\n    {%- endif %}\n"
    "    {%- if message.role == 'assistant' and '</think>' in content %}\n        {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}\n        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}\n        {{- '[' + thought + ']' }}\n    {%- endif %}\n"
    "    {{- message.role + ': ' + content }}\n    {%- if message.tool_calls %}\n        {%- for call in message.tool_calls %}\n            {%- set call = call.function if call.function else call %}\n            {{- '<call>' + call.name + ' ' + (call.arguments | tojson) + '</call>' }}\n        {%- endfor %}\n    {%- endif %}\n    {{- '\\n' }}\n{%- endfor %}\n{{- ns.last }}",
    "{%- set date = strftime_now('%d %b %Y') if strftime_now is defined else '26 Jul 2024' -%}\n<|start|>system<|end|>\n\nCutting Knowledge Date: December 2023\nToday Date: {{ date }}\n\n{% for m in messages if m.role != 'system' %}<|start|>{{ m['role'] }}<|end|>\n\n{{ m['content'] | trim }}<|eot|>{% endfor %}",
]
BROKEN = [
    "{{ raise_exception('no') }}",
    "{{ missing.x }}",
    "{{ missing.x.y }}",
    "{{ t() }}",
    "{{ 1 / 0 }}",
    "{{ 'a' + 1 }}",
    "{{ t | nonsense }}",
    "{{ t is nonsense }}",
    "{% nonsense %}",
    "{{ a",
    "{% if %}x{% endif %}",
    "{% if a %}x",
    "{% endif %}",
    "{{ 'a }}",
    "{# x",
    "{{ a b }}",
    "{% for %}x{% endfor %}",
    "{% for x in n %}x{% endfor %}",
    "{% set n.x = 1 %}",
    "{{ [1, }}",
    "{{ a. }}",
    "{{ 1 < 'a' }}",
    "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}",
    "{{ f(a=1, 2) }}",
    "{% raw %}x",
    "{{ a ? b }}",
]


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.Scope(body).set_lineno(line)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def render(template, variables):
    try:
        return environment().from_string(template).render(**variables)
    except Exception:  # whatever kind: it has no text
        return None


def of_file(path):
    template = json.loads(pathlib.Path(path).read_text(encoding="utf-8")).get("chat_template")
    if isinstance(template, str):
        for messages in (MESSAGES, MESSAGES[1:], CALLS):
            for more in (
                {},
                {"add_generation_prompt": False},
                {"tools": TOOLS},
                {"enable_thinking": False},
            ):
                yield template, {
                    "messages": messages,
                    "bos_token": "<s>",
                    "eos_token": "</s>",
                    "add_generation_prompt": True,
                    **more,
                }


def main():
    cases = [
        {"template": template, "text": render(template, VARIABLES)}
        for template in TEMPLATES + BROKEN
    ]
    files = [
        {"template": template, "variables": variables, "text": render(template, variables)}
        for path in sys.argv[2:]
        for template, variables in of_file(path)
    ]
    for case in cases[: len(TEMPLATES)]:
        if case["text"] is None and "skip" not in case["template"]:
            sys.exit("this template should have a text: " + case["template"])
    (pathlib.Path(sys.argv[1]) / "chat_templates.json").write_text(
        json.dumps(
            {"variables": VARIABLES, "cases": cases, "files": files},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
