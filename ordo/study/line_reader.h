// Cuts a stream of bytes into lines in bounded memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordo::study {

/// Longest line that can be an event; of longer ones the pieces are handed on as they come.
inline constexpr std::size_t kMaxLine = 1 << 20;

class LineReader {
 public:
  /// Calls take(line) for each line that `bytes` completes, with its newline.
  template <class Take>
  void append(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::size_t newline = bytes.find('\n');
      const std::size_t length = newline == std::string_view::npos ? bytes.size() : newline + 1;
      if (newline != std::string_view::npos && open_.empty()) {
        take(bytes.substr(0, length));
      } else {
        open_ += bytes.substr(0, length);
        if (newline != std::string_view::npos || open_.size() > kMaxLine) finish(take);
      }
      bytes.remove_prefix(length);
    }
  }
  /// Hands on a last line without a newline.
  template <class Take>
  void finish(Take take) {
    if (open_.empty()) return;
    const std::string line = std::move(open_);
    open_.clear();
    take(std::string_view(line));
  }

 private:
  std::string open_;
};

}  // namespace ordo::study
