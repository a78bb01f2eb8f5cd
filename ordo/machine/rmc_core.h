// What runs a program. Every program runs on the general machine; two shapes have a core of their
// own, which `make_core` chooses by looking at the program and at what the run is asked for:
//
//   words    only pops of constants from one stack, under `;`, `+` and `*`: a regular expression
//   vectors  actions; (transition + ... + transition)*; actions under StarMode::set, where each
//            transition pops and pushes one kind of token a stack: a Petri net
//
// A core yields the same results as the general machine, in an order of its own. Depth-first
// search, which promises Prolog's order, and a limit on unfoldings always take the general machine.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "ordo/machine/rmc_machine.h"

namespace ordo::machine::rmc {

class Core {
 public:
  virtual ~Core() = default;
  virtual bool next() = 0;
  virtual Answer answer() = 0;
  virtual Limit limit() const = 0;
  virtual RunCounts counts() const = 0;
  virtual std::string plan() const = 0;
  virtual std::string state() const = 0;
};

/// The limits that a core looks at from time to time.
class Watch {
 public:
  Watch(const RunOptions& options, Context& context);
  /// The limit that these steps and bytes, or the clock, have reached. Throws Interrupted.
  Limit look(std::uint64_t steps, std::uint64_t bytes) const;

 private:
  Limits limits_;
  Context& context_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

/// What a core is made of; all of it outlives the core.
struct CoreInput {
  Terms& terms;
  ProgramId program;
  const Memory& memory;
  StackStream stream;
  const RunOptions& options;
  Context& context;
};

std::unique_ptr<Core> general_core(CoreInput input);
/// Null where the program has another shape.
std::unique_ptr<Core> words_core(const CoreInput& input);
std::unique_ptr<Core> vectors_core(const CoreInput& input);

}  // namespace ordo::machine::rmc
