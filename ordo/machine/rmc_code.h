// Programs compiled to flat code. Sequences, sums and stars become straight code with jumps, so the
// continuation stack of the calculus is the program counter; only definitions that would blow up
// when copied are called. What decides between alternatives is precomputed: a sum, or a star (its
// end, then the summands of its body), has one table that looks at the top of one stack and, below
// its functor, at the argument that separates best.
//
// A word is a tagged 64-bit cell:
//   reference  address of a variable's cell, which holds itself while unbound; an argument of a
//              structure may be such a cell
//   structure  address of a header (functor and arity) followed by the arguments
//   constant   a symbol
// The item of a push is built, and that of a pop matched, by a stream of tokens in preorder; a
// structure that is the last argument of its parent needs no return to it. Ground parts are built
// once, when the program is compiled.
//
// A summand of a star that ends with a push, of a goal of a logic program for one, is followed by
// the summand that pops it. `goal` and `execute` pass the item's arguments from the one to the
// other without a trip through the heap, as calls pass theirs in the WAM (Warren 1983).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_arith.h"
#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

using Word = std::uint64_t;

namespace word {
inline constexpr Word kReference = 0, kStructure = 1, kConstant = 2, kHeader = 3, kForward = 4;
inline Word tag(Word w) { return w & 7; }
inline Word* address(Word w) { return reinterpret_cast<Word*>(w & ~Word{7}); }
inline Word reference(const Word* cell) { return reinterpret_cast<Word>(cell); }
inline Word structure(const Word* header) { return reinterpret_cast<Word>(header) | kStructure; }
inline Word forward(const Word* to) { return reinterpret_cast<Word>(to) | kForward; }
inline Word constant(Symbol symbol) { return Word{symbol} << 3 | kConstant; }
inline Word header(Symbol functor, std::uint32_t arity) {
  return Word{functor} << 32 | Word{arity} << 3 | kHeader;
}
inline Symbol symbol(Word constant) { return static_cast<Symbol>(constant >> 3); }
inline Symbol functor(Word header) { return static_cast<Symbol>(header >> 32); }
inline std::uint32_t arity(Word header) { return static_cast<std::uint32_t>(header) >> 3; }
}  // namespace word

enum class Code : std::uint8_t {
  // actions, followed by tokens
  push,    // a: stack
  pop,     // a: stack
  assign,  // builds the left side of an equation
  match,   // matches it with the right side
  solve,   // arithmetic on what `assign` built
  goal,    // w: header; its arguments follow, then `execute`
  // tokens that build
  put_constant,    // w: a constant or a ground structure
  put_first,       // a: register; a new variable, whose cell stands apart
  put_first_here,  // a: register; a new variable: this argument of a structure is its cell
  put_value,       // a: register
  put_outer,       // a: index, w: frames outwards
  put_void,
  put_void_here,
  put_structure,       // w: header; its last token is put_up
  put_last_structure,  // w: header; ends with its parent
  put_up,
  // tokens that match, or build once an unbound variable was met
  get_constant,
  get_ground,  // w: a ground structure
  get_first,
  get_value,
  get_outer,
  get_void,
  get_structure,
  get_last_structure,
  get_up,
  // control
  choose,   // a: table
  execute,  // a: which of CompiledProgram::goals
  jump,     // a: target
  frame,    // a: how many variables
  unframe,
  call,   // a: target
  leave,  // returns from a call
  stop,   // an answer
  fail,
};

struct Instruction {
  Code code;
  std::uint32_t a = 0;
  Word w = 0;
};

/// One way to go on: where, and whether this unfolds a star. `direct` is where the arguments of the
/// structure that the target pops first are matched; 0 if it begins with something else.
struct Alternative {
  std::uint32_t target;
  bool unfolds;
  std::uint32_t direct = 0;
};

/// Which alternatives fit, by key (a constant's word or a structure's header). A list is a range of
/// `Dispatch::lists`.
struct KeyTable {
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };
  struct Entry {
    Word key;
    Range range;
    std::int32_t inner = -1;  ///< the table for an argument, in Dispatch::inner
  };
  std::vector<Entry> entries;  ///< open addressing by hash, a power of two; key 0: free
  std::size_t mask = 0;        ///< their number less one
  Range other;                 ///< keys not in the table
  Range unbound;               ///< an unbound variable
  std::uint32_t argument = 0;  ///< inner tables: which argument

  std::size_t home(Word key) const { return (key * 0x9E3779B97F4A7C15ULL >> 40) & mask; }
  const Entry* find(Word key) const {
    std::size_t at = home(key);
    while (true) {
      const Entry& entry = entries[at];
      if (entry.key == key) return &entry;
      if (entry.key == 0) return nullptr;
      at = (at + 1) & mask;
    }
  }
};

struct Dispatch {
  std::vector<Alternative> lists;
  KeyTable::Range all;  ///< without a look at memory
  bool indexed = false;
  std::uint32_t stack = 0;  ///< the stack whose top decides
  KeyTable table;
  KeyTable::Range empty;  ///< that stack is empty
  std::vector<KeyTable> inner;
  bool star = false;
};

/// A push of a structure at the end of a star's summand, with what the star's table says about it.
struct Goal {
  std::uint32_t dispatch;
  std::uint32_t choose;  ///< the star's own instruction, for the longer way
  std::uint32_t stack;
  Word header;
  bool indexed = false;  ///< the table looks at this stack, and has an entry for this header
  KeyTable::Range range = {};
  std::int32_t inner = -1;
};

/// A compiled program. The pool must outlive it.
struct CompiledProgram {
  std::vector<Instruction> code;
  std::vector<Dispatch> dispatches;
  std::vector<Goal> goals;
  std::vector<Symbol> stacks;         ///< the locations, by number
  std::vector<VarId> free_variables;  ///< those of the outermost frame
  std::uint32_t registers = 0;
  std::uint32_t nesting = 0;             ///< the deepest stack of open structures
  std::uint32_t goal_arity = 0;          ///< the most arguments of a goal
  std::size_t straight_words = 0;        ///< cells that code without choose or call may allocate
  std::deque<std::vector<Word>> ground;  ///< structures built at compile time
  std::unordered_map<TermId, Word> ground_words;

  std::uint32_t stack_number(Symbol location);
};

/// Fills the tables and the goals of a program whose code is there (rmc_dispatch.cpp).
void fill_tables(CompiledProgram& compiled, std::vector<std::vector<Alternative>> alternatives);

/// Compiles `program` with the free variables that `memory` has too. O(size) once definitions are
/// copied in; programs that would pass a million nodes so call them instead.
CompiledProgram compile(Terms& terms, ProgramId program, const Memory& memory,
                        Arithmetic arithmetic = Arithmetic::off);

/// The word of a ground term, built at most once.
Word ground_word(const Terms& terms, CompiledProgram& compiled, TermId term);

/// What the dispatch tables look at, one line each.
std::string describe_dispatch(const Terms& terms, const CompiledProgram& compiled);

}  // namespace ordo::machine::rmc
