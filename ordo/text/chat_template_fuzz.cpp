// Any text is a template or an error, and every template ends.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  try {
    const ChatTemplate chat({reinterpret_cast<const char*>(data), size}, "fuzz");
    chat.render({ChatMessage{"system", "Be brief."}, ChatMessage{"user", " hi \n"}},
                {.bos_token = "<s>", .eos_token = "</s>", .variables = {{"n", 3}, {"x", 1.5}}});
  } catch (const ordo::Error&) {
  }
  return 0;
}
