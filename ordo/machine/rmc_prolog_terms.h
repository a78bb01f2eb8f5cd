// Prolog terms, and the reader that makes them out of text.
//
//   term ::= number, variable, atom, f(t, ...), [t, ...|t], {t}, (t), and prefix and infix
//            operators of the standard table
//
// Operator precedence with the open brackets on a stack: depth costs no native stack.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/pool.h"
#include "ordo/machine/rmc_prolog_lexer.h"
#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

using PrologId = std::uint32_t;  ///< a node of PrologTerms

/// Terms of a Prolog text: atoms are compounds without arguments, `[]` is the atom "[]" and a list
/// cell is "[|]" of two arguments, integers keep their digits.
class PrologTerms {
 public:
  enum class Kind : std::uint8_t { variable, integer, compound };
  struct Node {
    Kind kind;
    std::uint32_t name;   ///< a variable's or functor's name, an integer's digits
    std::uint32_t first;  ///< of a compound: where its arguments begin
    std::uint32_t arity;
    Span span;
  };

  PrologId add(Kind kind, std::string_view name, Span span);
  PrologId add(std::string_view name, const std::vector<PrologId>& arguments, Span span);

  const Node& operator[](PrologId id) const { return nodes_[id]; }
  const std::string& name(PrologId id) const { return names_[nodes_[id].name]; }
  PrologId argument(PrologId id, std::uint32_t index) const {
    return arguments_[nodes_[id].first + index];
  }
  bool is(PrologId id, std::string_view functor, std::uint32_t arity) const {
    const Node& node = nodes_[id];
    return node.kind == Kind::compound && node.arity == arity && names_[node.name] == functor;
  }

 private:
  std::uint32_t intern(std::string_view text);
  Pool<Node> nodes_;
  Pool<PrologId> arguments_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, std::uint32_t> index_;
};

/// Reads clause terms, each up to its full stop.
class PrologReader {
 public:
  PrologReader(const SourceMap& sources, SourceId file, PrologTerms& terms, Diagnostics& problems);

  /// The next term before a full stop; nullopt at the end of the text. A term that cannot be read
  /// is reported and skipped.
  std::optional<PrologId> next();
  /// The one term of a text whose full stop may be missing.
  std::optional<PrologId> only();

 private:
  enum class Bracket : std::uint8_t { top, parenthesis, arguments, list, tail, curly };
  struct Frame {
    Bracket bracket;
    std::string functor;  // of arguments
    Span begin;
    std::size_t operands, operators, items;  // how high the stacks stood
  };
  struct Pending {  // an operator that waits for its right operand
    std::string name;
    bool prefix;
    int priority, right;  // of the whole; at most, of the right operand
    Span span;
  };
  struct Failed {};

  PrologId read_clause();
  bool read_operand();
  bool read_operator();
  bool read_name_operand();
  void open(Bracket bracket, std::string functor, Span begin);
  bool close_or_separate();
  void close(const Frame& frame);
  void push_prefix(int priority, int right);
  void push_infix(const std::string& name, int left, int priority, int right);
  void reduce();
  PrologId finish_expression(int limit);
  PrologId make_list(std::size_t first, PrologId tail, Span span);
  bool starts_term() const;
  void advance();
  [[noreturn]] void expected(std::string_view what);
  [[noreturn]] void fail(Span span, std::string message, std::string hint = {});
  void recover();

  PrologTerms& terms_;
  Diagnostics& problems_;
  PrologLexer lexer_;
  PrologToken token_, peek_;
  std::vector<Frame> frames_;
  std::vector<PrologId> operands_, items_;
  std::vector<Pending> operators_;
};

}  // namespace ordo::machine::rmc
