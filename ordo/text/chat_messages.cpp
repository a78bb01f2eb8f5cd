#include "ordo/text/chat_messages.h"

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::text {

Json::Array parse_chat_messages(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  if (!json.is_array()) {
    throw InputError({.source = source},
                     fmt::format("expected an array of messages, found {}", json.type_name()));
  }
  for (std::size_t place = 0; place < json.as_array().size(); ++place) {
    for (const char* key : {"role", "content"}) {
      const Json* const member = json.as_array()[place].find(key);
      if (member == nullptr || !member->is_string()) {
        throw InputError({.source = source, .field = fmt::format("/{}/{}", place, key)},
                         fmt::format("expected a string, found {}",
                                     member == nullptr ? "nothing" : member->type_name()));
      }
    }
  }
  return json.as_array();
}

}  // namespace ordo::text
