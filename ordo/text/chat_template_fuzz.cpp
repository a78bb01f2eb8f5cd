// Any text is a template or an error, and every template ends.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/text/chat_template.h"

namespace {

// Those that the kept templates ask for.
const ordo::JsonObject& variables() {
  static const ordo::Json all = ordo::parse_json(R"({
    "n": 7, "x": 2.5, "t": "Hello wörld", "nothing": null, "yes": true, "empty": [], "blank": "",
    "numbers": [3, 1, 2, 3], "words": ["b", "A", "c"], "nested": {"a": {"b": [1, {"c": "d"}]}, "items": 1},
    "people": [{"name": "Zoe", "age": 3}, {"name": "abe", "age": 5}],
    "tools": [{"type": "function", "function": {"name": "weather"}}],
    "calls": [{"role": "assistant", "content": "<think>a</think>b", "tool_calls": [{"name": "f", "arguments": {}}]}]
  })");
  return all.as_object();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  try {
    const ChatTemplate chat({reinterpret_cast<const char*>(data), size}, "fuzz");
    chat.render({ChatMessage{"system", "Be brief."}, ChatMessage{"user", " hi \n"}},
                {.bos_token = "<s>", .eos_token = "</s>", .variables = variables()});
  } catch (const ordo::Error&) {
  }
  return 0;
}
