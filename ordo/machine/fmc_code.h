// Compiled terms: flat closures over frames of slots, one linear code for all blocks.
//
// A block is the body of a thunk. Its frame holds what it captured, then one slot a binder. Joins
// and loops cost nothing by themselves: an exit whose handler stands in the same block is a goto,
// and only a call that is not in tail position pushes one continuation (innermost handler, frame)
// that stands for all the handlers around it. Each instruction carries how many transitions of the
// abstract machine it stands for, so the count is the calculus' own.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/integer.h"

namespace ordo::machine::fmc {

/// A value in 64 bits: ....1 an integer of 63 bits; ...010 a jump (also strings); ...100 a large
/// integer by number; ...000 a pointer to a closure.
using Value = std::uint64_t;

inline constexpr std::int64_t kSmallMax = (std::int64_t{1} << 62) - 1;
inline constexpr std::int64_t kSmallMin = -(std::int64_t{1} << 62);
inline bool is_small(Value v) { return v & 1; }
inline bool is_jump(Value v) { return (v & 7) == 2; }
inline bool is_big(Value v) { return (v & 7) == 4; }
inline bool is_closure(Value v) { return (v & 7) == 0; }
inline std::int64_t small_of(Value v) { return static_cast<std::int64_t>(v) >> 1; }
inline Value make_small(std::int64_t n) { return (static_cast<Value>(n) << 1) | 1; }
inline Value make_jump(Symbol s) { return (static_cast<Value>(s) << 3) | 2; }
inline Symbol jump_of(Value v) { return static_cast<Symbol>(v >> 3); }

/// A closure: which block, and the captured values behind the header.
struct Closure {
  std::uint64_t header;  ///< block << 32 | count << 2 | permanent << 1; moved: new address | 1
  std::uint32_t block() const { return static_cast<std::uint32_t>(header >> 32); }
  std::uint32_t count() const { return static_cast<std::uint32_t>(header) >> 2; }
  bool is_permanent() const { return header & 2; }
  Value* values() { return reinterpret_cast<Value*>(this + 1); }
  const Value* values() const { return reinterpret_cast<const Value*>(this + 1); }
};

enum class Code : std::uint16_t {
  push_constant,
  push_slot,
  push_closure,  // on the main stack
  push_constant_at,
  push_slot_at,
  push_closure_at,  // on stack `a`
  pop,
  pop_at,
  choose,  // into a slot; `choose`: from rnd or nd
  arithmetic,
  compare,
  other,   // primitives: two integers, then all others
  branch,  // compare, pop, execute: three in one
  execute,
  call,
  go,
  leave,
  stuck
};

inline bool is_primitive(Code code) {
  return code == Code::arithmetic || code == Code::compare || code == Code::other ||
         code == Code::branch;
}

struct Instruction {
  Code code;
  std::uint16_t steps = 0;  ///< transitions it stands for
  /// Location, block or target; `leave`: 1 if it passes on an earlier exit; of a primitive its
  /// number, and above eight bits how many of `steps` come after it, and did not happen if it gets
  /// stuck or exits.
  std::uint32_t a = 0;
  /// Constant, slot, block; `go`: 1 if it is an exit; low half slot, high half handler's number.
  std::uint64_t b = 0;

  Primitive primitive() const { return static_cast<Primitive>(a & 255); }
  std::uint32_t steps_after() const { return a >> 8; }
};

inline constexpr std::uint32_t kNoHandler = ~0U;

/// A handler of a block, and those around it inside the same block. What an exit walks over is what
/// the calculus' continuation stack would hold, so that each handler is one transition.
struct Handler {
  Value jump = 0;
  const Handler* outer = nullptr;
  std::uint32_t target = 0;
  std::uint32_t frame = 0;  ///< the block's frame size
};

struct Block {
  TermId term = 0;
  std::uint32_t entry = 0;              ///< index of its first instruction
  std::uint32_t frame = 0;              ///< slots
  std::vector<std::uint32_t> captures;  ///< slots of the enclosing block, in capture order
  std::vector<std::uint32_t> indices;   ///< the de Bruijn index in `term` of each capture
  std::uint64_t closed[1] = {0};        ///< storage of its closure if it captures nothing
  Value constant() const { return reinterpret_cast<Value>(closed); }
};

struct Program {
  std::vector<Instruction> code;
  std::vector<TermId> origins;  ///< by instruction: the term that it was made for
  std::deque<Block> blocks;     ///< block 0 is the program
  std::deque<Handler> handlers;
  std::vector<Symbol> locations;      ///< by number; 0 is the main one
  std::deque<Integer> large;          ///< large literals, the first numbers of large integers
  std::vector<std::string> problems;  ///< texts of `stuck`
  std::unordered_map<Symbol, std::uint32_t> location_numbers;

  std::uint32_t location(Symbol name);
};

/// Compiles a closed term, with what it uses of the module, and further closed terms as blocks
/// (`extra`, whose constants are returned in `Compiled::values`).
struct Compiled {
  Program program;
  std::vector<Value> values;
};
void compile(Terms& terms, const Module& module, TermId term, const std::vector<TermId>& extra,
             Compiled& out);

/// The value that a literal or jump is when pushed.
Value constant_of(const Terms& terms, Symbol jump, std::deque<Integer>& large);

}  // namespace ordo::machine::fmc
