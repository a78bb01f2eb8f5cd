// Conversations in files, as chat endpoints take them.
#pragma once

#include <string>
#include <string_view>

#include "ordo/base/json.h"

namespace ordo::text {

/// An array of messages, each an object with a "role" and a "content" that are strings; what else
/// it has is kept. Throws InputError with the place of what is none.
Json::Array parse_chat_messages(std::string_view text, const std::string& source);

}  // namespace ordo::text
