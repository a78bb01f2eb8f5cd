// Bounded memory for streams without bounds, and texts from anywhere made fit to show.

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/process.h"
#include "ordo/base/utf8.h"

namespace ordo {

void HeadTail::append(std::string_view bytes) {
  total_ += static_cast<std::int64_t>(bytes.size());
  const std::size_t to_head = std::min(bytes.size(), head_limit_ - head_.size());
  head_ += bytes.substr(0, to_head);
  bytes.remove_prefix(to_head);
  if (bytes.size() > tail_limit_) {
    tail_.clear();
    bytes.remove_prefix(bytes.size() - tail_limit_);
  }
  tail_ += bytes;
  if (tail_.size() > 2 * tail_limit_) tail_.erase(0, tail_.size() - tail_limit_);
}

std::string_view HeadTail::tail() const {
  return std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), tail_limit_));
}

std::string HeadTail::text() const {
  const std::int64_t left_out = total_ - static_cast<std::int64_t>(head_.size() + tail().size());
  if (left_out == 0) return head_ + std::string(tail());
  return fmt::format("{}\n... {} bytes left out ...\n{}", head_, left_out, tail());
}

std::string escape_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto first = static_cast<unsigned char>(bytes.front());
    const bool control =
        (first < 0x20 && first != '\t' && first != '\n' && first != '\r' && first != 0x1B) ||
        first == 0x7F;
    const std::size_t length = control ? 0 : utf8_length(bytes);
    if (length == 0)
      text += fmt::format("\\x{:02X}", first);
    else
      text += bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

}  // namespace ordo
