#include "ordo/machine/rmc_from_automaton.h"

#include <map>
#include <string>

#include <fmt/format.h>

#include "ordo/machine/rmc_from_regex.h"

namespace ordo::machine::rmc {
namespace {

class AutomatonTranslator {
 public:
  explicit AutomatonTranslator(Translation& t)
      : t_(t), terms_(t.terms), state_(t.terms.location("st")) {}

  ProgramId read() {
    WordLines lines(t_.sources, t_.file);
    TermId start = 0;
    bool started = false;
    for (auto words = lines.next(); !words.empty(); words = lines.next()) {
      if (!started) start = state(words[0]);
      started = true;
      read_line(words);
    }
    if (!started) {
      t_.problems.error({t_.file, 0, 0}, "the text holds no automaton",
                        "a line is 'SOURCE TARGET LABEL' or a final state");
      return terms_.fail();
    }
    if (finals_.empty()) {
      t_.problems.error({t_.file, 0, 0}, "no state is final", "name the final states, a line each");
    }
    return terms_.seq(
        {terms_.push(start, state_), terms_.star(terms_.sum(steps_)), terms_.sum(finals_)});
  }

 private:
  TermId state(const LineWord& word) { return symbol_constant(terms_, word.text); }
  static bool silent(const LineWord& word) { return word.text == "<eps>" || word.text == "eps"; }

  void read_line(const std::vector<LineWord>& words) {
    if (words.size() == 1) {
      finals_.push_back(terms_.pop(state_, state(words[0])));
      return;
    }
    if (words.size() != 3 && words.size() != 4) {
      t_.problems.error(Span::join(words.front().span, words.back().span),
                        fmt::format("expected 'SOURCE TARGET LABEL [OUTPUT]' or a final state, "
                                    "found {} words",
                                    words.size()),
                        "weights are not read");
      return;
    }
    std::vector<ProgramId> step{terms_.pop(state_, state(words[0]))};
    if (!silent(words[2])) step.push_back(terms_.pop("in", letter(words[2])));
    if (words.size() == 4 && !silent(words[3]))
      step.push_back(terms_.push(letter(words[3]), terms_.location("out")));
    step.push_back(terms_.push(state(words[1]), state_));
    steps_.push_back(terms_.seq(step));
  }
  TermId letter(const LineWord& word) { return symbol_constant(terms_, word.text, {"end"}); }

  Translation& t_;
  Terms& terms_;
  Symbol state_;
  std::vector<ProgramId> steps_, finals_;
};

}  // namespace

void from_automaton(Translation& t) {
  const ProgramId program = t.define(AutomatonTranslator(t).read());
  if (!t.question) return;
  const auto word = read_word(t.terms, t.sources, *t.question, {"end"}, t.problems);
  const ProgramId accept = t.terms.pop("in", t.terms.constant("end"));
  t.ask(t.terms.seq(program, accept), {word_on_stack(t.terms, "in", word)});
}

}  // namespace ordo::machine::rmc
