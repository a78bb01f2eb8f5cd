// A program as a list of events in the order of its code: actions, scopes, alternatives; and where
// the variables of its scopes live. What lives within one straight piece of code becomes a
// register; what several pieces see lives in a frame on the heap.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_term.h"

namespace ordo::machine::rmc {

// One action, scope or alternative of a program.
struct Event {
  enum Kind : std::uint8_t {
    action,       // push, pop, equate, fail
    enter_scope,  // of a `new`
    leave_scope,
    begin_sum,   // count: alternatives
    begin_star,  // count: alternatives of the body
    alternative,
    end_alternative,
    end_choice,
    call,
    begin_routine,  // a definition's own code
    end_routine,
    stop,
  } kind;
  std::uint32_t id = 0;  // a program; routines and calls: their number
  std::uint32_t count = 0;
};

/// Calls are copied in, unless that would make more than a million nodes of the program.
std::vector<Event> list_events(Terms& terms, ProgramId program);

// Which scope a variable belongs to at each point of the events. Scopes are numbered in the order
// in which they are entered.
class Scopes {
 public:
  std::uint32_t enter(VarId v) {
    open_[v].push_back(count_);
    return count_++;
  }
  void leave(VarId v) { open_[v].pop_back(); }
  /// The scope's number; ~0 for a free variable.
  std::uint32_t operator()(VarId v) const {
    const auto found = open_.find(v);
    return found == open_.end() || found->second.empty() ? ~0U : found->second.back();
  }
  std::uint32_t count() const { return count_; }

 private:
  std::unordered_map<VarId, std::vector<std::uint32_t>> open_;
  std::uint32_t count_ = 0;
};

// Where a scope's variable lives.
struct Variable {
  std::size_t loops_at_entry = 0;     // loops begun before its `new`
  std::size_t barriers_at_first = 0;  // barriers before its first occurrence
  std::uint32_t occurrences = 0;
  bool in_frame = false;
  bool seen = false;        // emission: the register is set
  std::uint32_t place = 0;  // register, or index in its frame
  std::uint32_t depth = 0;  // in a frame: how many frames are open with it
};

/// By the scopes' numbers.
std::vector<Variable> place_variables(const Terms& terms, const std::vector<Event>& events);

}  // namespace ordo::machine::rmc
