// Terms of the Functional Machine Calculus (Heijltjes, MFPS 2025), as nodes in one growing pool:
//
//   x | j | [N]a.M | a<x>.M | M; j -> N | M^j
//
// Bound variables are de Bruijn indices, so alpha-equal closed terms have equal shapes; the names
// that binders were given are kept for display only. Nodes never change and are shared freely.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/pool.h"
#include "ordo/machine/source.h"

namespace ordo::machine::fmc {

using TermId = std::uint32_t;
using Symbol = std::uint32_t;  ///< a name, location or jump; literals are jumps: `3`, `"yes"`

inline constexpr Symbol kMain = 0;  ///< the unnamed location
inline constexpr Symbol kSkip = 1;  ///< the jump `*`

struct TypeSyntax;

enum class Op : std::uint8_t { bound, free, jump, push, pop, join, loop };

struct Node {
  Op op;
  std::uint32_t label;         ///< bound: index; free: name; push, pop: location; else: jump
  TermId first = 0;            ///< push: what is pushed; join: left; loop: body; pop: binder's name
  TermId second = 0;           ///< push, pop: the rest; join: the handler
  std::uint32_t max_free = 0;  ///< 1 + the largest index that points outside; 0: closed
};

/// Primitive operations, on the main stack; the first popped is the left operand.
enum class Primitive : std::uint8_t { add, sub, mul, div, mod, eq, lt, le, gt, cat, len, show };
inline constexpr int kPrimitives = 12;
inline constexpr int arity(Primitive p) { return p >= Primitive::len ? 1 : 2; }

class Terms {
 public:
  Terms();

  Symbol intern(std::string_view text);
  const std::string& text(Symbol symbol) const { return symbols_[symbol]; }
  /// The primitive that a free name stands for, or nullptr.
  const Primitive* primitive(Symbol name) const;
  Symbol true_jump() const { return true_; }
  Symbol false_jump() const { return false_; }
  Symbol division_by_zero() const { return division_by_zero_; }

  /// A binder's name that carries a type, `x : Int`; `spelled` is the type's text.
  Symbol annotate(Symbol name, TypeSyntax type, std::string_view spelled);
  /// The name alone, of an annotated binder or any other.
  Symbol binder_name(Symbol binder) const;
  /// The type that a binder's name carries, or nullptr.
  const TypeSyntax* annotation(Symbol binder) const;

  TermId bound(std::uint32_t index);
  TermId free(Symbol name);
  TermId jump(Symbol label);
  TermId push(TermId value, Symbol location, TermId rest);
  TermId pop(Symbol location, Symbol name, TermId body);
  TermId join(TermId left, Symbol jump, TermId handler);
  TermId loop(TermId body, Symbol jump);
  TermId skip() const { return skip_; }

  const Node& operator[](TermId id) const { return nodes_[id]; }
  std::size_t size() const { return nodes_.size(); }
  /// Where a parsed term stands; an empty span for built ones.
  Span span(TermId id) const { return id < spans_.size() ? spans_[id] : Span{}; }
  void set_span(TermId id, Span span);

  /// `term` with index i replaced by values[i] for i < values.size() and larger indices lowered.
  /// Capture-avoiding; shares what does not change. O(nodes that change).
  TermId instantiate(TermId term, std::span<const TermId> values);
  /// Adds `by` to every index that points outside.
  TermId shift(TermId term, std::uint32_t by, std::uint32_t from = 0);
  /// Replaces free names by what `lookup` gives (it returns false to leave one).
  TermId replace_free(TermId term, const std::function<bool(Symbol, TermId&)>& lookup);
  /// Same shape: alpha-equivalence.
  bool equal(TermId a, TermId b) const;
  /// The number of nodes as a tree, saturating.
  std::uint64_t tree_size(TermId term) const;

 private:
  TermId add(Node node);
  template <class OnLeaf, class Unchanged>
  TermId rebuild(TermId root, const OnLeaf& on_leaf, const Unchanged& unchanged);

  std::deque<std::string> symbols_;
  std::unordered_map<std::string_view, Symbol> index_;
  std::unordered_map<Symbol, Primitive> primitives_;
  struct Annotation {
    Symbol name;
    std::shared_ptr<const TypeSyntax> type;
  };
  std::unordered_map<Symbol, Annotation> annotations_;
  Pool<Node> nodes_;
  Pool<Span> spans_;
  Symbol true_ = 0, false_ = 0, division_by_zero_ = 0;
  TermId skip_ = 0;
};

/// Whether a jump's text is an integer or string literal.
inline bool is_integer(std::string_view jump) {
  return jump[0] == '-' || (jump[0] >= '0' && jump[0] <= '9');
}
inline bool is_string(std::string_view jump) { return jump[0] == '"'; }

}  // namespace ordo::machine::fmc
