// The parser of the Relational Machine Calculus. It does not recurse: open parentheses and the
// scopes of `new` stand on an explicit stack of groups, each with the summands and the sequence
// read so far; open functors and lists of a term on another. `~` is a parity of the groups: where
// it is odd, pushes become pops and sequences are built from the end. After an error the parser
// skips to the next '.' before a declaration.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_syntax.h"
#include "ordo/machine/token_reader.h"

namespace ordo::machine::rmc {

enum Mark : std::uint32_t {
  kDot,
  kSemicolon,
  kArrow,
  kOpen,
  kClose,
  kLess,
  kGreater,
  kLeft,
  kRight,
  kLeftBrace,
  kRightBrace,
  kStar,
  kPlus,
  kTilde,
  kColon,
  kEqual,
  kSame,
  kBar,
  kComma,
  kSkipSign,
  kFailSign,
  kNewSign
};

class Parser : private TokenReader {
 public:
  Parser(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
         Diagnostics& problems);

  ProgramId program(bool allow_free);
  TermId term();
  Memory memory();
  void from(Query& query);
  void module(Module& into, SourceMap& sources, const Loader& loader,
              std::vector<std::string>& loading);
  void finish_text(std::string_view what) {
    if (!at(TokenKind::end)) expected(what);
  }

 private:
  struct Item {
    ProgramId program;
    Span span;
  };
  struct Group {
    enum class Kind { outer, parenthesis, fresh } kind;
    Token open;
    bool odd;  // under an odd number of `~`
    std::size_t first_summand;
    std::size_t first_item;
    std::size_t first_variable = 0;  // fresh: its variables
  };
  struct OpenTerm {
    enum class Kind { arguments, list, tail } kind;
    Token open;
    Symbol functor;
    std::size_t first;
  };

  bool name_at(std::size_t k = 0) const {  // a lower-case name that is not reserved
    return at(TokenKind::lower, k) && !reserved_at(k) && text(next(k))[0] != '_';
  }
  bool variable_at() const {
    return at(TokenKind::upper) || (at(TokenKind::lower) && text()[0] == '_');
  }
  void recover();
  bool declaration_at() const;
  static std::vector<std::string> declaration_words();
  std::string opened(const Token& open) const;
  Symbol take_name(std::string_view what) {
    if (!name_at()) expected(what);
    return terms_.intern(text(advance()));
  }

  // programs
  void open_atom();
  void simple_atom(bool odd, Token start);
  ProgramId definition_call(bool odd);
  bool after_atom();
  ProgramId end_sequence();
  void leave_scope(const Group& group);
  void open_new(Token start, bool odd);
  void add_item(ProgramId program, Span span) {
    terms_.set_span(program, span);
    items_.push_back({program, span});
  }
  std::string unknown_name(std::string_view name) const;
  Symbol known_location(const Token& token);

  // terms
  VarId variable(const Token& token);
  bool open_term();
  bool close_terms(std::size_t outermost);
  TermId application(Symbol functor, Span span, std::size_t first);

  // declarations
  void declaration(Module& into, SourceMap& sources, const Loader& loader,
                   std::vector<std::string>& loading);
  void definition(Module& into);
  void function(Module& into);
  void location(Module& into);
  void load(Module& into, SourceMap& sources, const Loader& loader,
            std::vector<std::string>& loading);
  void query(Module& into);
  Symbol sort();

  Terms& terms_;
  const SourceMap& sources_;
  const Module& module_;
  Diagnostics& problems_;
  std::vector<Group> groups_;
  std::vector<Item> items_;
  std::vector<Item> summands_;
  std::vector<VarId> variables_;  // of the open `new`s
  std::vector<std::string_view> variable_names_;
  std::vector<OpenTerm> open_terms_;
  std::vector<TermId> values_;
  std::vector<VarId> anonymous_;  // the `_`s of the atom being read
  std::unordered_map<std::string_view, std::vector<VarId>> scope_;
  bool allow_free_ = true;
  std::string_view defining_;  // the name whose definition is being read
};

}  // namespace ordo::machine::rmc
