#include "ordo/machine/rmc_to_prolog.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_prolog.h"
#include "ordo/machine/rmc_shape.h"

namespace ordo::machine::rmc {
namespace {

// The name that a symbol's canonical spelling means: quotes and escapes undone.
std::string atom_name(std::string_view spelling) {
  if (!spelling.starts_with('\'')) return std::string(spelling);
  std::string name;
  for (std::size_t i = 1; i + 1 < spelling.size(); ++i) {
    const bool escape = spelling[i] == '\\';
    const char c = escape ? spelling[++i] : spelling[i];
    name += escape && c == 'n' ? '\n' : escape && c == 't' ? '\t' : c;
  }
  return name;
}

// Undoes unlike_marks.
std::string without_prime(std::string name, Marks marks) {
  const bool marked = name.ends_with('\'') && unlike_marks(name, marks) != name;
  if (marked) name.pop_back();
  return name;
}

// Writes one clause; each clause names its variables anew.
class ClausePrinter {
 public:
  explicit ClausePrinter(const Terms& terms) : terms_(terms) {}

  std::string clause(const HornClause& c) {
    count(c.head);
    for (const TermId goal : c.goals) count(goal);
    std::string text = term(c.head);
    return c.goals.empty() ? text + "." : text + " :- " + conjunction(c.goals) + ".";
  }
  std::string query(const std::vector<TermId>& goals) {
    for (const TermId goal : goals) count(goal);
    for (auto& [variable, occurrences] : occurrences_) ++occurrences;  // none is written `_`
    return goals.empty() ? "?- true." : "?- " + conjunction(goals) + ".";
  }

 private:
  std::string conjunction(const std::vector<TermId>& goals) {
    std::string text;
    for (const TermId goal : goals) text += (text.empty() ? "" : ", ") + term(goal);
    return text;
  }

  void count(TermId root) {
    std::vector<TermId> rest{root};
    while (!rest.empty()) {
      const TermNode& node = terms_.term(rest.back());
      const auto args = terms_.args(rest.back());
      rest.pop_back();
      if (node.is_variable)
        ++occurrences_[node.label];
      else
        rest.insert(rest.end(), args.begin(), args.end());
    }
  }

  const std::string& variable(VarId id) {
    std::string& name = names_[id];
    if (!name.empty()) return name;
    if (occurrences_[id] == 1) return name = "_";
    std::string base = terms_.variable_name(id);
    std::replace(base.begin(), base.end(), '\'', '_');
    if (base.empty() || base == "_") base = "X";
    name = base;
    for (int i = 2; !taken_.insert(name).second; ++i) name = fmt::format("{}{}", base, i);
    return name;
  }

  // What is still to be written stands on a stack.
  std::string term(TermId root) {
    struct Task {
      enum class Kind { term, tail, text } kind;
      TermId term;
      const char* text;
    };
    using Kind = Task::Kind;
    std::string out;
    std::vector<Task> tasks{{Kind::term, root, ""}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      if (task.kind == Kind::text) {
        out += task.text;
        continue;
      }
      const TermNode& node = terms_.term(task.term);
      const auto args = terms_.args(task.term);
      const bool nil = !node.is_variable && node.label == terms_.nil() && args.empty();
      const bool cell = !node.is_variable && node.label == terms_.cons() && args.size() == 2;
      if (task.kind == Kind::tail && nil) {
        out += ']';
      } else if (cell) {
        out += task.kind == Kind::tail ? "," : "[";
        tasks.push_back({Kind::tail, args[1], ""});
        tasks.push_back({Kind::term, args[0], ""});
      } else if (task.kind == Kind::tail) {
        out += '|';
        tasks.push_back({Kind::text, 0, "]"});
        tasks.push_back({Kind::term, task.term, ""});
      } else if (node.is_variable) {
        out += variable(node.label);
      } else {
        out += nil ? "[]" : functor(node);
        if (args.empty()) continue;
        out += '(';
        tasks.push_back({Kind::text, 0, ")"});
        for (std::size_t i = args.size(); i-- > 0;) {
          tasks.push_back({Kind::term, args[i], ""});
          if (i > 0) tasks.push_back({Kind::text, 0, ","});
        }
      }
    }
    return out;
  }

  std::string functor(const TermNode& node) const {
    const std::string& spelling = terms_.text(node.label);
    if (is_integer(spelling)) return spelling;
    const std::string name = atom_name(spelling);
    if (node.arity == 0) return prolog_atom(without_prime(name, {"nil", "end"}));
    return prolog_atom(node.arity == 2 ? without_prime(name, {"cons"}) : name);
  }

  const Terms& terms_;
  std::unordered_map<VarId, std::size_t> occurrences_;
  std::unordered_map<VarId, std::string> names_;
  std::set<std::string> taken_;
};

bool is_equality(const Terms& terms, const HornClause& clause) {
  const TermNode& head = terms.term(clause.head);
  const auto args = terms.args(clause.head);
  return clause.goals.empty() && terms.text(head.label) == "'='" && args.size() == 2 &&
         terms.term(args[0]).is_variable && terms.equal_terms(args[0], args[1]);
}

}  // namespace

std::string to_prolog(Terms& terms, const SourceMap& sources, const Module& module) {
  std::string text;
  const auto refuse = [&](Span span, std::string_view what) {
    throw InputError(sources.locate(span),
                     fmt::format("{} is no logic program: expected '(new X. g<p(X)>; [q(X)]g + "
                                 "...)*' and 'run [end]g; [goal]g; program; g<end>'",
                                 what));
  };
  for (const DefinitionId id : module.definitions) {
    const Definition& definition = terms.definition(id);
    const auto program = horn_program(terms, terms.expand(definition.body));
    if (!program) {
      refuse(definition.span, fmt::format("the definition '{}'", terms.text(definition.name)));
    }
    for (const HornClause& clause : program->clauses)
      if (!is_equality(terms, clause)) text += ClausePrinter(terms).clause(clause) + "\n";
  }
  for (const Query& asked : module.queries) {
    const auto query = horn_query(terms, terms.expand(asked.program));
    if (!query) refuse(asked.span, "this query");
    text += ClausePrinter(terms).query(query->goals) + "\n";
  }
  return text;
}

}  // namespace ordo::machine::rmc
