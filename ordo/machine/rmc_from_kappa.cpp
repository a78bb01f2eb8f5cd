// Open parentheses and kappas stand on a stack of groups; open functions of a term on another.
#include "ordo/machine/rmc_from_kappa.h"

#include <cctype>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/machine/token_reader.h"

namespace ordo::machine::rmc {
namespace {

enum Mark : std::uint32_t { kKappa, kDot, kSemicolon, kOpen, kClose, kLeft, kRight, kComma };
const std::vector<Punctuation> kMarks{{"\\", kKappa},    {"κ", kKappa}, {".", kDot},
                                      {";", kSemicolon}, {"[", kOpen},  {"]", kClose},
                                      {"(", kLeft},      {")", kRight}, {",", kComma}};

class KappaReader : private TokenReader {
 public:
  KappaReader(Translation& t, SourceId file)
      : TokenReader(t.sources, file, t.problems, kMarks), terms_(t.terms) {}

  ProgramId program() {
    try {
      return read_program();
    } catch (const ParseFailed&) {
      return terms_.fail();
    }
  }

  // Terms up to the end, for a memory.
  std::vector<TermId> values() {
    std::vector<TermId> found;
    try {
      while (!at(TokenKind::end)) found.push_back(read_term());
    } catch (const ParseFailed&) {
    }
    return found;
  }

 private:
  struct Group {
    enum class Kind { top, parenthesis, kappa } kind;
    std::vector<ProgramId> sequence = {};
    std::string name = {};  // a kappa's variable
    VarId variable = 0;
    Span open = {};
  };

  bool at_name() const { return at(TokenKind::lower) || at(TokenKind::upper); }
  bool at_kappa() const { return at(kKappa) || (at_name() && text() == "kappa"); }

  ProgramId read_program() {
    groups_.push_back({Group::Kind::top});
    while (true) {
      read_atom_or_open();
      if (wants_atom_) continue;
      close_groups();
      if (at(TokenKind::end)) return terms_.seq(groups_.back().sequence);
      advance();  // the ';'
      wants_atom_ = true;
    }
  }

  // One atom, or what opens a group and wants an atom after it.
  void read_atom_or_open() {
    wants_atom_ = true;
    if (at_kappa()) return open_kappas();
    if (at(kLeft)) {
      groups_.push_back({Group::Kind::parenthesis, {}, {}, 0, next().span});
      advance();
      return;
    }
    wants_atom_ = false;
    if (at(kOpen)) {
      advance();
      groups_.back().sequence.push_back(terms_.push(read_term()));
      if (!at(kClose)) expected("']'");
      advance();
    } else if (at_name() && text() == "id") {
      groups_.back().sequence.push_back(terms_.skip());
      advance();
    } else {
      expected("id, kappa, '[' or '('");
    }
  }

  void open_kappas() {
    advance();
    if (!at_name()) expected("a variable after kappa");
    while (at_name()) {
      std::string hint(text());
      hint[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(hint[0])));
      const VarId variable = terms_.fresh_variable(hint);
      scope_[std::string(text())].push_back(variable);
      groups_.push_back({Group::Kind::kappa, {}, std::string(text()), variable, next().span});
      groups_.back().sequence.push_back(terms_.pop(kMain, terms_.var(variable)));
      advance();
    }
    if (!at(kDot)) expected("'.' after kappa's variables");
    advance();
  }

  // After an atom: ends what ends here, up to a ';' or the end of the text.
  void close_groups() {
    while (!at(kSemicolon)) {
      while (groups_.back().kind == Group::Kind::kappa) {
        Group group = std::move(groups_.back());
        groups_.pop_back();
        scope_[group.name].pop_back();
        add(terms_.fresh(group.variable, terms_.seq(group.sequence)));
      }
      const bool top = groups_.back().kind == Group::Kind::top;
      if (at(TokenKind::end) && top) return;
      if (top || !at(kRight)) expected(top ? "';' or the end" : "';' or ')'");
      advance();
      const ProgramId inner = terms_.seq(groups_.back().sequence);
      groups_.pop_back();
      add(inner);
    }
  }
  void add(ProgramId program) { groups_.back().sequence.push_back(program); }

  // The functions that are open wait with their arguments so far.
  TermId read_term() {
    struct Open {
      std::string name;
      std::size_t base;
    };
    std::vector<Open> open;
    std::vector<TermId> made;
    while (true) {
      if (!at(TokenKind::integer) && !at_name()) expected("a term");
      const std::string name(text());
      const bool is_number = at(TokenKind::integer);
      const auto bound = scope_.find(name);
      const bool variable = !is_number && bound != scope_.end() && !bound->second.empty();
      advance();
      if (at(kLeft) && !is_number) {
        if (variable) expected(fmt::format("no arguments after the variable '{}'", name));
        advance();
        open.push_back({name, made.size()});
        continue;
      }
      made.push_back(variable    ? terms_.var(bound->second.back())
                     : is_number ? terms_.integer(name)
                                 : terms_.constant(name));
      while (!open.empty() && at(kRight)) {
        advance();
        const TermId whole =
            terms_.app(terms_.atom(open.back().name), std::span(made).subspan(open.back().base));
        made.resize(open.back().base);
        made.push_back(whole);
        open.pop_back();
      }
      if (open.empty()) return made.back();
      if (!at(kComma)) expected("',' or ')'");
      advance();
    }
  }

  Terms& terms_;
  bool wants_atom_ = true;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::vector<VarId>> scope_;
};

}  // namespace

void from_kappa(Translation& t) {
  const ProgramId program = t.define(KappaReader(t, t.file).program());
  Memory memory;
  if (t.question) memory = {{kMain, KappaReader(t, *t.question).values()}};
  t.ask(program, std::move(memory));
}

}  // namespace ordo::machine::rmc
