// The prompt formats of families whose folders may carry no template, written as templates.
#include <string>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/chat_template.h"

namespace ordo::text {
namespace {

struct Known {
  std::string_view family, source;
};

constexpr Known kKnown[] = {{"chatml", R"({% for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{% if add_generation_prompt -%}
<|im_start|>assistant
{% endif %})"},
                            {"llama2", R"({% set ns = namespace(system='') -%}
{% for message in messages -%}
{% if message.role == 'system' -%}
{% set ns.system = '<<SYS>>\n' ~ message.content ~ '\n<</SYS>>\n\n' -%}
{% elif message.role == 'user' -%}
{{ bos_token }}[INST] {{ ns.system ~ message.content | trim }} [/INST]
{%- set ns.system = '' -%}
{% elif message.role == 'assistant' -%}
{{ ' ' ~ message.content | trim ~ ' ' ~ eos_token }}
{%- else -%}
{{ raise_exception('a message has the role ' ~ message.role ~ '; system, user and assistant are known') }}
{%- endif -%}
{% endfor %})"},
                            {"llama3", R"({{ bos_token }}
{%- for message in messages -%}
<|start_header_id|>{{ message.role }}<|end_header_id|>{{ '\n\n' ~ message.content | trim }}<|eot_id|>
{%- endfor -%}
{% if add_generation_prompt -%}
<|start_header_id|>assistant<|end_header_id|>{{ '\n\n' }}
{%- endif %})"},
                            {"mistral", R"({{ bos_token }}
{%- set ns = namespace(system='') -%}
{% for message in messages -%}
{% if message.role == 'system' -%}
{% set ns.system = message.content ~ '\n\n' -%}
{% elif message.role == 'user' -%}
{{ '[INST] ' ~ ns.system ~ message.content ~ ' [/INST]' }}
{%- set ns.system = '' -%}
{% elif message.role == 'assistant' -%}
{{ ' ' ~ message.content ~ eos_token }}
{%- else -%}
{{ raise_exception('a message has the role ' ~ message.role ~ '; system, user and assistant are known') }}
{%- endif -%}
{% endfor %})"},
                            {"zephyr", R"({% for message in messages -%}
{{ '<|' ~ message.role ~ '|>\n' ~ message.content ~ eos_token ~ '\n' }}
{%- endfor -%}
{% if add_generation_prompt -%}
{{ '<|assistant|>\n' }}
{%- endif %})"}};

}  // namespace

std::string_view known_chat_template(std::string_view family) {
  std::string known;
  for (const Known& one : kKnown) {
    if (one.family == family) return one.source;
    known += (known.empty() ? "" : ", ") + std::string(one.family);
  }
  throw UsageError(fmt::format("no chat template is known for '{}'; known are {}", family, known));
}

}  // namespace ordo::text
