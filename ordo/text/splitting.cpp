#include "ordo/text/splitting.h"

#include <algorithm>

#include <fmt/format.h>

namespace ordo::text {
namespace {

void append(std::vector<ByteSpan>& pieces, ByteSpan piece) {
  if (piece.begin < piece.end) pieces.push_back(piece);
}

std::vector<ByteSpan> join_same(const std::vector<SplitPart>& parts) {
  std::vector<ByteSpan> joined;
  bool last = false;
  for (const SplitPart& part : parts) {
    if (part.is_match == last && !joined.empty()) {
      joined.back().end = part.span.end;
    } else {
      joined.push_back(part.span);
    }
    last = part.is_match;
  }
  return joined;
}

// A match joins the gap before it; of matches in a row only the first does.
std::vector<ByteSpan> join_with_previous(const std::vector<SplitPart>& parts) {
  std::vector<ByteSpan> joined;
  bool last = false;
  for (const SplitPart& part : parts) {
    if (part.is_match && !last && !joined.empty()) {
      joined.back().end = part.span.end;
    } else {
      joined.push_back(part.span);
    }
    last = part.is_match;
  }
  return joined;
}

std::vector<ByteSpan> join_with_next(const std::vector<SplitPart>& parts) {
  std::vector<ByteSpan> joined;
  bool last = false;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->is_match && !last && !joined.empty()) {
      joined.back().begin = part->span.begin;
    } else {
      joined.push_back(part->span);
    }
    last = part->is_match;
  }
  std::reverse(joined.begin(), joined.end());
  return joined;
}

}  // namespace

SplitBehavior split_behavior(const Config& config, SplitBehavior otherwise) {
  if (config.is_null()) return otherwise;
  const std::string& name = config.string();
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  config.fail(
      fmt::format("expected Removed, Isolated, MergedWithPrevious, MergedWithNext or "
                  "Contiguous, found '{}'",
                  name));
}

void PartList::append_pieces(SplitBehavior behavior, bool inverted, std::vector<ByteSpan>& pieces) {
  if (done_ < whole_.end) parts_.push_back({{done_, whole_.end}, false});
  if (inverted) {
    for (SplitPart& part : parts_) part.is_match = !part.is_match;
  }
  switch (behavior) {
    case SplitBehavior::removed:
    case SplitBehavior::isolated:
      for (const SplitPart& part : parts_) {
        if (behavior == SplitBehavior::isolated || !part.is_match) append(pieces, part.span);
      }
      return;
    case SplitBehavior::merged_with_previous:
      for (const ByteSpan& piece : join_with_previous(parts_)) append(pieces, piece);
      return;
    case SplitBehavior::merged_with_next:
      for (const ByteSpan& piece : join_with_next(parts_)) append(pieces, piece);
      return;
    case SplitBehavior::contiguous:
      for (const ByteSpan& piece : join_same(parts_)) append(pieces, piece);
      return;
  }
}

}  // namespace ordo::text
