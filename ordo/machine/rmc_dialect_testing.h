// What the translators' tests share: a text of a dialect, translated in a session of its own.
#pragma once

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_testing.h"

namespace ordo::machine::rmc {

struct Translated : Session {
  std::string problems_text;

  Translated(const std::string& dialect, const std::string& text,
             const std::string& question = "") {
    Diagnostics problems(sources);
    const SourceId file = sources.add("t", text);
    std::optional<SourceId> asked;
    if (!question.empty()) asked = sources.add("--query", question);
    Translation translation{sources, file, asked, "program", terms, module, problems};
    try {
      find_dialect(dialect).translate(translation);
      problems_text = problems.to_text();
    } catch (const SourceError& error) {
      problems_text = error.what();
    }
  }
  ProgramId body() { return terms.definition(module.definitions.at(0)).body; }
  const Query& query(std::size_t i = 0) { return module.queries.at(i); }
  using Session::query;

  /// Whether the definition is what a text of the calculus means.
  bool defines(const std::string& expected) { return terms.equal(body(), program(expected)); }
  bool asks(std::size_t i, const std::string& expected) {
    return terms.equal(terms.expand(module.queries.at(i).program), terms.expand(program(expected)));
  }
};

}  // namespace ordo::machine::rmc
