// Bounded memory for streams without bounds, and texts from anywhere made fit to show.

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/process.h"

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

namespace {

// Length of the well-formed UTF-8 sequence at the beginning (Unicode, table 3-7), or 0.
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string escape_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto first = static_cast<unsigned char>(bytes.front());
    const bool control =
        (first < 0x20 && first != '\t' && first != '\n' && first != '\r' && first != 0x1B) ||
        first == 0x7F;
    const std::size_t length = control ? 0 : sequence_length(bytes);
    if (length == 0)
      text += fmt::format("\\x{:02X}", first);
    else
      text += bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

}  // namespace ordo
