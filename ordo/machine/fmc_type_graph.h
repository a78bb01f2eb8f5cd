// The types of inference: nodes of a union-find graph.
//
// A memory is a row of fields location -> stack, a stack a list of values over a tail, the exits a
// row of fields jump -> memory. A framed type is a thunk's type that holds over any frame: an arrow
// whose open ends are `frame` nodes, opened anew wherever such a thunk runs. Unification merges
// nodes before their children, so it ends on cyclic graphs too; a type that contains itself is
// found once, at the end of a definition.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ordo/machine/flat_map.h"
#include "ordo/machine/fmc_term.h"

namespace ordo::machine::fmc {

using TypeId = std::uint32_t;

enum class Kind : std::uint8_t {
  variable,
  integer,
  string,
  arrow,   // memory, exits; label 1: the type of a thunk that nothing runs yet
  cons,    // below, top
  field,   // label, its type, the rest of the row
  data,    // label: the type's name; first: its arguments, a list of cons over `none`
  framed,  // first: an arrow whose ends are frames
  none,
  frame,       // label: location; kRowEnd, kExitsEnd
  rigid,       // a frame that is not known: equal only to itself; first: what it was made for
  rigid_rest,  // the same for the stacks that are not named
};

/// Labels that no text spells: the ends of rows in framed types, and exits by any literal.
inline constexpr Symbol kRowEnd = ~Symbol{0};
inline constexpr Symbol kExitsEnd = kRowEnd - 1;
inline constexpr Symbol kAnyInteger = kRowEnd - 2;
inline constexpr Symbol kAnyString = kRowEnd - 3;

struct TypeNode {
  Kind kind = Kind::variable;
  Symbol label = 0;
  TypeId first = 0;
  TypeId second = 0;
};

/// How many of `first` and `second` are types.
inline int child_count(Kind kind) {
  if (kind == Kind::arrow || kind == Kind::cons || kind == Kind::field) return 2;
  return kind == Kind::data || kind == Kind::framed ? 1 : 0;
}

struct Mismatch {
  std::string message;
  std::string hint = {};
};

class TypeGraph {
 public:
  /// How a thunk of arrow type becomes a value of a data or framed type: returns the arrow that it
  /// has to have.
  using Fold = std::function<TypeId(TypeId arrow, TypeId closed)>;
  explicit TypeGraph(const Terms& terms) : terms_(terms) {}
  void set_fold(Fold fold) { fold_ = std::move(fold); }

  TypeId make(TypeNode node);
  TypeId variable() { return make({}); }
  TypeId arrow(TypeId memory, TypeId exits) { return make({Kind::arrow, 0, memory, exits}); }
  TypeId cons(TypeId below, TypeId top) { return make({Kind::cons, 0, below, top}); }
  TypeId field(Symbol label, TypeId type, TypeId rest) {
    return make({Kind::field, label, type, rest});
  }
  TypeId find(TypeId id);
  const TypeNode& operator[](TypeId id) { return nodes_[find(id)]; }

  /// The field of `label` in a row and the row without it; extends an open row. The other fields
  /// keep their order. The row must not end in `closed_tail` if it has to be extended.
  std::pair<TypeId, TypeId> expose(TypeId row, Symbol label, TypeId closed_tail = ~TypeId{0});
  /// Throws Mismatch.
  void unify(TypeId a, TypeId b);
  /// How often each node is referred to inside the type.
  FlatMap references(TypeId root);
  /// Whether the type contains itself.
  bool cyclic(TypeId root);
  /// A copy with fresh variables. Shared parts stay shared.
  TypeId instantiate(TypeId root);
  /// The arrow of a framed type with its ends replaced: `open` gives what stands for a frame.
  TypeId open_frames(TypeId framed, const std::function<TypeId(Symbol)>& open);

 private:
  TypeId tail(TypeId row);
  TypeId open_memory(TypeId row, const std::function<TypeId(Symbol)>& open);
  std::string describe(const TypeNode& node) const;

  const Terms& terms_;
  Fold fold_;
  std::vector<TypeNode> nodes_;
  std::vector<TypeId> parent_;
};

/// "..s a => *: ..s a a", or a value's type: "Int".
std::string print_type(const Terms& terms, TypeGraph& graph, TypeId type);

}  // namespace ordo::machine::fmc
