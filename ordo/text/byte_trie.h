// A trie over bytes: all strings of a set that a text begins with, shortest first.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace ordo::text {

/// Children are in a hash table of (node, byte), which is small
/// enough to stay in the cache where it matters: near the root.
class ByteTrie {
 public:
  ByteTrie();
  void add(std::string_view bytes, std::uint32_t value);

  /// Calls found(length, value) for each string of the set that `text` begins with.
  template <class Found>
  void for_each_prefix(std::string_view text, Found found) const {
    std::uint32_t node = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      node = child(node, static_cast<unsigned char>(text[at]));
      if (node == kNone) return;
      if (values_[node] != kNone) found(at + 1, values_[node]);
    }
  }

  /// The longest of them: {length, value}; length 0 if there is none.
  std::pair<std::size_t, std::uint32_t> longest_prefix(std::string_view text) const {
    std::pair<std::size_t, std::uint32_t> longest{0, kNone};
    for_each_prefix(text,
                    [&](std::size_t length, std::uint32_t value) { longest = {length, value}; });
    return longest;
  }
  bool begins(unsigned char byte) const { return root_[byte] != kNone; }
  bool empty() const { return values_.size() <= 1; }

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

 private:
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint32_t node = kNone;
  };

  std::uint32_t child(std::uint32_t node, unsigned char byte) const {
    if (node == 0) return root_[byte];
    const std::uint64_t key = std::uint64_t{node} << 8 | byte;
    for (std::size_t at = place(key);; at = (at + 1) & mask_) {
      if (slots_[at].key == key) return slots_[at].node;
      if (slots_[at].node == kNone) return kNone;
    }
  }
  std::size_t place(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15ULL >> 32) & mask_; }
  void insert(std::uint64_t key, std::uint32_t node);

  std::vector<std::uint32_t> root_;    // the children of node 0
  std::vector<std::uint32_t> values_;  // by node
  std::vector<Slot> slots_;
  std::size_t mask_ = 0, used_ = 0;
};

}  // namespace ordo::text
