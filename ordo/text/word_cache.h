// Words come again and again: their tokens are remembered. A cache is used by one thread at a time,
// so that it needs no locks; threads take one from the pool and put it back.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "ordo/text/model.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {

/// Short words and their ids; a newcomer takes the place of the word that was there.
class WordCache {
 public:
  static constexpr std::size_t kLongestWord = 27;
  static constexpr std::size_t kMostTokens = 8;

  WordCache() : slots_(kSlots) {}

  struct Slot {
    char word[kLongestWord];
    std::uint8_t length = 0;  // 0: empty
    std::uint32_t count = 0;
    std::uint32_t ids[kMostTokens];
  };

  /// Where the word is or would be. It must not be empty, nor longer than kLongestWord.
  Slot& slot_of(std::string_view word) { return slots_[hash_bytes(word) & (kSlots - 1)]; }
  static bool holds(const Slot& slot, std::string_view word) {
    return slot.length == word.size() && std::memcmp(slot.word, word.data(), word.size()) == 0;
  }
  /// `tokens`: at most kMostTokens.
  static void put(Slot& slot, std::string_view word, const std::vector<ModelToken>& tokens) {
    std::memcpy(slot.word, word.data(), word.size());
    slot.length = static_cast<std::uint8_t>(word.size());
    slot.count = static_cast<std::uint32_t>(tokens.size());
    for (std::size_t token = 0; token < tokens.size(); ++token) slot.ids[token] = tokens[token].id;
  }

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 15;  // 2 MiB
  std::vector<Slot> slots_;
};

class CachePool {
 public:
  class Lease {
   public:
    explicit Lease(CachePool& pool) : pool_(pool), cache_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(cache_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    WordCache& operator*() { return *cache_; }

   private:
    CachePool& pool_;
    std::unique_ptr<WordCache> cache_;
  };

 private:
  std::unique_ptr<WordCache> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<WordCache>();
    std::unique_ptr<WordCache> cache = std::move(free_.back());
    free_.pop_back();
    return cache;
  }
  void give_back(std::unique_ptr<WordCache> cache) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(cache));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> free_;
};

}  // namespace ordo::text
