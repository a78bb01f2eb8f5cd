// Any text is a conversation or an InputError; what is taken can be rendered, and is taken again as
// it is written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/text/chat_messages.h"
#include "ordo/text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo;
  static const text::ChatTemplate chat(text::known_chat_template("chatml"), "chatml");
  try {
    const Json messages(
        text::parse_chat_messages({reinterpret_cast<const char*>(data), size}, "fuzz"));
    chat.render(messages, {});
    if (Json(text::parse_chat_messages(messages.dump(), "written")) != messages) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
