// The fast machine's heap: two spaces of cells, and a collector that copies what is reachable from
// one to the other. Objects are variables' cells (one word), structures (header and arguments),
// pairs (an item and the rest of a stack), frames (header, outer frame, references to variables)
// and returns (program counter, frame, next). A moved object's first word holds its new address.
// An argument of a structure may itself be a variable's cell, so a moved structure leaves the new
// address of each word; if such a cell moves before its structure, it becomes an object of its own,
// which the structure then refers to.
#pragma once

#include <cstddef>
#include <vector>

#include "ordo/machine/rmc_code.h"

namespace ordo::machine::rmc {

/// Address space that costs memory only where it is touched.
class Space {
 public:
  Space() = default;
  explicit Space(std::size_t words);
  Space(Space&& other) noexcept { *this = std::move(other); }
  Space& operator=(Space&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(words_, other.words_);
    return *this;
  }
  ~Space();
  Word* base() const { return base_; }
  std::size_t words() const { return words_; }
  bool holds(const Word* cell) const { return cell >= base_ && cell < base_ + words_; }

 private:
  Word* base_ = nullptr;
  std::size_t words_ = 0;
};

/// One collection from `from` to `to`, which must be large enough.
class Collector {
 public:
  Collector(const Space& from, Word* to) : from_(from), top_(to) {}

  // Each moves an object and gives its new address; what it refers to follows in `finish`.
  Word value(Word w);
  Word* pair(Word* p) { return move(p, Kind::pair); }
  Word* frame(Word* f) { return move(f, Kind::frame); }
  Word* return_point(Word* r) { return move(r, Kind::return_point); }
  /// Where a variable's cell went, or nullptr if nothing refers to it.
  Word* moved_cell(const Word* cell) const {
    return word::tag(*cell) == word::kForward ? word::address(*cell) : nullptr;
  }
  void finish();
  Word* top() const { return top_; }

 private:
  enum class Kind : std::uint8_t { cell, structure, pair, frame, return_point };
  Word* move(Word* object, Kind kind);
  Word* move_structure(Word* object);

  const Space& from_;
  Word* top_;
  std::vector<std::pair<Kind, Word*>> moved_;  // whose parts are still to follow
};

}  // namespace ordo::machine::rmc
