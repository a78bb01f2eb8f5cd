// What the calculus' tests share: a session that parses texts, and random programs.
#pragma once

#include <string>

#include "ordo/base/context.h"
#include "ordo/base/random.h"
#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

struct Session {
  Terms terms;
  SourceMap sources;
  Module module;
  Context context;

  /// Declarations, for the programs that follow.
  void define(const std::string& text) {
    Diagnostics problems(sources);
    parse_module(terms, sources, sources.add("<define>", text), module, problems);
    problems.throw_if_any();
  }
  ProgramId program(const std::string& text) { return query(text).program; }
  Query query(const std::string& text) {
    Diagnostics problems(sources);
    Query made = parse_query(terms, sources, sources.add("<test>", text), module, problems);
    problems.throw_if_any();
    return made;
  }
  TermId term(const std::string& text) {
    Diagnostics problems(sources);
    const TermId made = parse_term(terms, sources, sources.add("<term>", text), module, problems);
    problems.throw_if_any();
    return made;
  }
};

/// Draws programs over the locations main, l, m and the functors a/0, b/0, f/1, p/2.
struct RandomPrograms {
  Terms& terms;
  Random& random;
  bool stars = false;
  bool free_variables = false;  ///< may use V and W
  std::vector<VarId> scope = {};

  std::uint64_t below(std::uint64_t n) { return random.below(n); }
  Symbol location() {
    const char* names[] = {"", "", "l", "m"};
    return terms.location(names[below(4)]);
  }
  TermId term(int depth) {
    const std::uint64_t kind = below(depth > 0 ? 7 : 4);
    if (kind < 2) {
      if (!scope.empty()) return terms.var(scope[below(scope.size())]);
      if (free_variables) return terms.var(terms.free_variable(below(2) == 0 ? "V" : "W"));
    }
    if (kind < 4) return terms.constant(below(2) == 0 ? "a" : "b");
    if (kind < 6) return terms.app("f", {term(depth - 1)});
    const TermId left = term(depth - 1);
    return terms.app("p", {left, term(depth - 1)});
  }
  ProgramId program(int size) {
    if (size <= 1) {
      const std::uint64_t kind = below(20);
      if (kind == 0) return terms.skip();
      if (kind == 1) return terms.fail();
      if (kind == 2) {
        const TermId left = term(1);
        return terms.equate(left, term(1));
      }
      return kind % 2 == 0 ? terms.push(term(2), location()) : terms.pop(location(), term(2));
    }
    const int left = 1 + static_cast<int>(below(static_cast<std::uint64_t>(size - 1)));
    const std::uint64_t kind = below(stars ? 8 : 7);
    if (kind < 4) {
      const ProgramId first = program(left);
      return terms.seq(first, program(size - left));
    }
    if (kind == 4) {
      const ProgramId first = program(left);
      return terms.sum(first, program(size - left));
    }
    if (kind == 7) return terms.star(program(size - 1));
    const char* names[] = {"X", "Y", "X"};
    scope.push_back(terms.fresh_variable(names[below(3)]));
    const VarId bound = scope.back();
    const ProgramId body = program(size - 1);
    scope.pop_back();
    return terms.fresh(bound, body);
  }
};

}  // namespace ordo::machine::rmc
