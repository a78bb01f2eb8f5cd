#include "ordo/text/normalized.h"

namespace ordo::text {

Normalized::Normalized(std::string_view text, std::size_t begin, Track track)
    : text_(text), begin_(begin), track_(track) {
  if (track == Track::nothing) return;
  origins_.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = decode_point(text, at).length;
    origins_.insert(origins_.end(), length, ByteSpan{begin + at, begin + at + length});
    at += length;
  }
}

Normalized Normalized::part(ByteSpan span) const {
  Normalized part;
  part.text_ = text_.substr(span.begin, span.end - span.begin);
  part.begin_ = begin_ + span.begin;
  part.track_ = track_;
  if (track_ == Track::origins) {
    part.origins_.assign(origins_.begin() + static_cast<std::ptrdiff_t>(span.begin),
                         origins_.begin() + static_cast<std::ptrdiff_t>(span.end));
  }
  return part;
}

ByteSpan Normalized::origin(std::size_t begin, std::size_t end) const {
  if (begin >= end || end > origins_.size()) return {};
  return {origins_[begin].begin, origins_[end - 1].end};
}

void Rewriter::keep(std::size_t begin, std::size_t end) {
  text_.append(normalized_.text_, begin, end - begin);
  if (normalized_.track_ == Track::origins) {
    const auto from = normalized_.origins_.begin();
    origins_.insert(origins_.end(), from + static_cast<std::ptrdiff_t>(begin),
                    from + static_cast<std::ptrdiff_t>(end));
  }
}

void Rewriter::finish() {
  normalized_.text_ = std::move(text_);
  normalized_.origins_ = std::move(origins_);
}

}  // namespace ordo::text
