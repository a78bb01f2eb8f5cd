#include "ordo/http/event_parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::http {

bool EventParser::feed(std::string_view bytes, const Receiver& receive) {
  while (!bytes.empty() && !is_ended_) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') bytes.remove_prefix(1);
    const std::size_t end = bytes.find_first_of("\r\n");
    append(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!end_line(receive)) is_ended_ = true;
  }
  return !is_ended_;
}

void EventParser::append(std::string_view part) {
  if (line_.size() + event_.data.size() + part.size() > max_bytes_) {
    throw InputError({.source = "event stream"},
                     fmt::format("an event is longer than the {} bytes that are read", max_bytes_));
  }
  line_ += part;
}

bool EventParser::end_line(const Receiver& receive) {
  std::string_view line = line_;
  if (std::exchange(is_first_line_, false) && line.starts_with("\xEF\xBB\xBF")) {
    line.remove_prefix(3);
  }
  bool goes_on = true;
  if (line.empty()) {
    goes_on = dispatch(receive);
  } else {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view field = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
      if (has_data_) event_.data += '\n';
      event_.data += value;
      has_data_ = true;
    } else if (field == "event") {
      event_.type = value;
    }
  }
  line_.clear();
  return goes_on;
}

bool EventParser::dispatch(const Receiver& receive) {
  Event event = std::exchange(event_, {});
  if (!std::exchange(has_data_, false)) return true;
  if (event.type.empty()) event.type = "message";
  return receive(event);
}

}  // namespace ordo::http
