#include "ordo/text/vocabulary.h"

#include <algorithm>
#include <bit>

namespace ordo::text {

TokenIndex::TokenIndex(const std::vector<std::string>& tokens) : tokens_(&tokens) {
  slots_.resize(std::bit_ceil(tokens.size() * 2 + 1));
  mask_ = slots_.size() - 1;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const std::string& token = tokens[id];
    if (token.empty()) continue;
    longest_ = std::max(longest_, token.size());
    const std::uint64_t hash = hash_bytes(token);
    const auto check = static_cast<std::uint32_t>(hash >> 32);
    std::size_t at = hash & mask_;
    while (slots_[at].id != kNone) at = (at + 1) & mask_;
    slots_[at] = {static_cast<std::uint32_t>(id), check};
  }
}

std::uint32_t TokenIndex::find(std::string_view token) const {
  if (token.empty() || token.size() > longest_) return kNone;
  const std::uint64_t hash = hash_bytes(token);
  const auto check = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_; slots_[at].id != kNone; at = (at + 1) & mask_) {
    if (slots_[at].check == check && (*tokens_)[slots_[at].id] == token) return slots_[at].id;
  }
  return kNone;
}

}  // namespace ordo::text
