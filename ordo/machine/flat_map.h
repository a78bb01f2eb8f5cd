// A map from numbers to numbers in one table (open addressing with linear probing), for loops that
// fill, ask and empty small maps many times: emptying it costs no more than filling it did, and its
// memory is kept for the next round.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ordo::machine {

/// Keys are below 2^32 - 1.
class FlatMap {
 public:
  /// What the key has, or nullptr; valid until the map changes.
  const std::uint32_t* find(std::uint32_t key) const {
    const Entry& entry = table_[place_of(key)];
    return entry.key == kNone ? nullptr : &entry.value;
  }
  std::uint32_t* find(std::uint32_t key) {
    Entry& entry = table_[place_of(key)];
    return entry.key == kNone ? nullptr : &entry.value;
  }
  void set(std::uint32_t key, std::uint32_t value) { (*this)[key] = value; }
  /// The key's value, 0 at first.
  std::uint32_t& operator[](std::uint32_t key) {
    std::size_t at = place_of(key);
    if (table_[at].key == kNone) {
      if (2 * (count_ + 1) > table_.size()) {
        grow();
        at = place_of(key);
      }
      ++count_;
      table_[at] = {key, 0};
    }
    return table_[at].value;
  }
  void erase(std::uint32_t key) {
    std::size_t hole = place_of(key);
    if (table_[hole].key == kNone) return;
    --count_;
    // What was pushed behind the hole by others moves up, so that searches still find it.
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = (hole + 1) & mask; table_[at].key != kNone; at = (at + 1) & mask) {
      const std::size_t home = home_of(table_[at].key);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table_[hole] = table_[at];
      hole = at;
    }
    table_[hole].key = kNone;
  }
  void clear() {
    if (count_ == 0) return;
    if (table_.size() > std::max(kSmall, 8 * count_)) {
      table_.assign(kSmall, {});
    } else {
      std::fill(table_.begin(), table_.end(), Entry{});
    }
    count_ = 0;
  }
  std::size_t size() const { return count_; }
  /// Visits keys and values, in no order that means anything.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry& entry : table_) {
      if (entry.key != kNone) visit(entry.key, entry.value);
    }
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::size_t kSmall = 16;
  struct Entry {
    std::uint32_t key = kNone;
    std::uint32_t value = 0;
  };

  std::size_t home_of(std::uint32_t key) const {
    return (key * std::uint64_t{0x9E3779B97F4A7C15} >> 32) & (table_.size() - 1);
  }
  std::size_t place_of(std::uint32_t key) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = home_of(key);
    while (table_[at].key != key && table_[at].key != kNone) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<Entry> old(2 * table_.size());
    std::swap(old, table_);
    for (const Entry& entry : old) {
      if (entry.key != kNone) table_[place_of(entry.key)] = entry;
    }
  }

  std::vector<Entry> table_ = std::vector<Entry>(kSmall);
  std::size_t count_ = 0;
};

}  // namespace ordo::machine
