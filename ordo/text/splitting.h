// How matches cut a text: Hugging Face's SplitDelimiterBehavior.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/text/config.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// Throws InputError listing the names.
SplitBehavior split_behavior(const Config& config, SplitBehavior otherwise);

/// Matches of a text in order, without overlaps, and the gaps between them.
struct SplitPart {
  ByteSpan span;
  bool is_match;
};

/// Collects the parts of one text.
class PartList {
 public:
  explicit PartList(ByteSpan whole) : whole_(whole), done_(whole.begin) {}
  void add_match(ByteSpan match) {
    if (match.begin > done_) parts_.push_back({{done_, match.begin}, false});
    parts_.push_back({match, true});
    done_ = match.end;
  }
  /// Appends the pieces; empty ones are left out.
  void append_pieces(SplitBehavior behavior, bool inverted, std::vector<ByteSpan>& pieces);

 private:
  ByteSpan whole_;
  std::size_t done_;
  std::vector<SplitPart> parts_;
};

}  // namespace ordo::text
