// Any bytes, cut in pieces of any length, give the same events as at once.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/http/event_parser.h"

namespace {

using ordo::http::EventParser;

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  EventParser parser(1 << 12);
  std::vector<std::string> events;
  const auto receive = [&](const EventParser::Event& event) {
    events.push_back(event.type + '\0' + event.data);
    return true;
  };
  try {
    while (!bytes.empty()) {
      parser.feed(bytes.substr(0, piece), receive);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  } catch (const ordo::InputError&) {
    events.emplace_back("too long");
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (events_of(bytes, 1 + data[0] % 7) != events_of(bytes, 1)) std::abort();
  return 0;
}
