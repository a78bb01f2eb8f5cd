// Petri nets as vectors of counts. The program is
//
//   actions; (transition + ... + transition)*; actions
//
// of pushes and pops of ground terms, where on each stack all transitions handle the same term, its
// token. A stack is then what lies at its bottom, and a number of tokens above it; a state of the
// star is the vector of these numbers, and a transition adds a vector where no prefix of it asks
// for tokens that are not there. What comes before the star is run at once, what comes after it on
// every state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

struct VectorNet {
  struct Place {
    Symbol location;
    TermId token;
    std::vector<TermId> below;  ///< what lies under the tokens, bottom first
  };
  struct Transition {
    struct Part {
      std::uint32_t place;
      std::uint32_t need;   ///< tokens that must be there
      std::int64_t change;  ///< tokens it adds
    };
    std::vector<Part> parts;
    std::uint32_t actions = 0;
  };
  std::vector<Place> places;
  std::vector<std::uint64_t> start;  ///< tokens by place
  std::vector<Transition> transitions;
  struct Action {
    ProgramId program;    ///< a push or pop
    std::uint32_t place;  ///< number of places: of no transition's stack
    bool push;
    bool token;
  };
  std::vector<Action> after;  ///< on each state, in order
  Memory others;              ///< stacks that no transition touches
  bool fails = false;         ///< what comes before the star has no result
};

/// Nothing if the program or the memory has another shape.
std::optional<VectorNet> vector_net(Terms& terms, ProgramId program, const Memory& memory);

/// Different vectors of counts, numbered in the order in which they came. Packed: a count takes 1,
/// 2 or 4 bytes, as the largest so far needs; beside them a hash table of 4-byte numbers.
class MarkingSet {
 public:
  explicit MarkingSet(std::size_t places) : places_(places) { rehash(1 << 10); }

  /// False if it was there. Throws LimitError beyond 2^32 tokens or vectors.
  bool insert(const std::vector<std::uint64_t>& counts);
  void get(std::size_t number, std::vector<std::uint64_t>& counts) const;
  std::size_t size() const { return size_; }
  std::uint64_t bytes() const;

 private:
  static constexpr std::size_t kChunk = std::size_t{1} << 14;  // vectors
  std::uint8_t* at(std::size_t number) const {
    return chunks_[number / kChunk].get() + number % kChunk * stride();
  }
  std::size_t stride() const { return places_ * width_; }
  void pack(const std::vector<std::uint64_t>& counts, std::uint8_t* to) const;
  std::uint64_t hash(const std::uint8_t* packed) const;
  void widen();
  void rehash(std::size_t slots);
  std::uint8_t* grow();

  std::size_t places_;
  std::size_t width_ = 1;  // bytes a count
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
  std::vector<std::uint32_t> slots_;  // number + 1; 0: free
  std::vector<std::uint8_t> scratch_;
};

}  // namespace ordo::machine::rmc
