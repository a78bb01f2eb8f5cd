// A text on its way through normalizers, which remembers from where each of its bytes came: a token
// is a place in the normalized text, but its offsets are wanted in the text that was given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/text/tokenizer.h"
#include "ordo/text/unicode.h"

namespace ordo::text {

/// Whether places in the original text are kept. Without them everything is faster.
enum class Track { nothing, origins };

class Normalized {
 public:
  /// `begin`: where `text` stands in the original.
  Normalized(std::string_view text, std::size_t begin, Track track);

  const std::string& text() const { return text_; }
  std::size_t begin() const { return begin_; }
  Track track() const { return track_; }
  /// A stretch of it as a text of its own.
  Normalized part(ByteSpan span) const;
  /// The original bytes of a stretch of the text; {0, 0} of nothing.
  ByteSpan origin(std::size_t begin, std::size_t end) const;

 private:
  friend class Rewriter;
  Normalized() = default;

  std::string text_;
  std::size_t begin_ = 0;
  Track track_ = Track::nothing;
  std::vector<ByteSpan> origins_;  // a byte each
};

/// Writes the next text from left to right; each piece says which byte of the last text it stands
/// for.
class Rewriter {
 public:
  explicit Rewriter(Normalized& normalized) : normalized_(normalized) {
    text_.reserve(normalized.text().size() + 16);
  }
  void add(char32_t point, std::size_t source) {
    append_utf8(text_, point);
    follow(source);
  }
  void add(std::string_view text, std::size_t source) {
    text_ += text;
    follow(source);
  }
  /// [begin, end) as it is.
  void keep(std::size_t begin, std::size_t end);
  std::size_t size() const { return text_.size(); }
  std::string_view text() const { return text_; }
  /// Puts the new text in the place of the old.
  void finish();

 private:
  void follow(std::size_t source) {
    if (normalized_.track_ == Track::origins) {
      origins_.resize(text_.size(), source < normalized_.origins_.size()
                                        ? normalized_.origins_[source]
                                        : ByteSpan{});
    }
  }

  Normalized& normalized_;
  std::string text_;
  std::vector<ByteSpan> origins_;
};

}  // namespace ordo::text
