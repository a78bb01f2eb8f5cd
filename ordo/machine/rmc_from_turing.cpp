#include "ordo/machine/rmc_from_turing.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>

#include <fmt/format.h>

#include "ordo/machine/rmc_from_regex.h"

namespace ordo::machine::rmc {
namespace {

class TuringTranslator {
 public:
  explicit TuringTranslator(Translation& t)
      : t_(t),
        terms_(t.terms),
        state_(t.terms.location("st")),
        left_(t.terms.location("l")),
        right_(t.terms.location("r")),
        left_end_(t.terms.constant("left_end")),
        right_end_(t.terms.constant("right_end")),
        blank_(t.terms.constant("_")) {}

  void read() {
    WordLines lines(t_.sources, t_.file);
    for (auto words = lines.next(); !words.empty(); words = lines.next()) read_line(words);
    if (start_.empty()) missing("no start state", "start STATE");
    if (finals_.empty()) missing("no final state", "final STATE");
  }

  ProgramId program() {
    std::vector<ProgramId> parts = start_;
    parts.push_back(terms_.star(terms_.sum(steps_)));
    parts.push_back(terms_.sum(finals_));
    return terms_.seq(parts);
  }

  void ask(ProgramId program) {
    if (tape_) ask_tape(program, *tape_);
    if (t_.question) {
      ask_tape(program,
               read_word(terms_, t_.sources, *t_.question, {"left_end", "right_end"}, t_.problems));
    }
  }

 private:
  TermId symbol(const LineWord& word) {
    return symbol_constant(terms_, word.text, {"left_end", "right_end"});
  }
  TermId state(const LineWord& word) { return symbol_constant(terms_, word.text); }

  void fail(Span span, std::string message, std::string hint = {}) {
    t_.problems.error(span, std::move(message), std::move(hint));
  }
  void missing(const char* what, const char* line) {
    fail({t_.file, 0, 0}, fmt::format("the machine has {}", what), fmt::format("add '{}'", line));
  }

  void read_line(const std::vector<LineWord>& words) {
    const std::string_view key = words[0].text;
    const Span whole = Span::join(words.front().span, words.back().span);
    const bool rule = words.size() > 2 && words[2].text == "->";
    if (rule) {
      read_rule(words, whole);
    } else if (key == "tape") {
      tape_.emplace();
      for (std::size_t i = 1; i < words.size(); ++i) tape_->push_back(symbol(words[i]));
    } else if (key == "final" && words.size() > 1) {
      for (std::size_t i = 1; i < words.size(); ++i)
        finals_.push_back(terms_.pop(state_, state(words[i])));
    } else if (key == "start" && words.size() == 2) {
      if (!start_.empty()) fail(whole, "there is a second start state");
      start_.assign(1, terms_.push(state(words[1]), state_));
    } else if (key == "blank" && words.size() == 2) {
      if (!steps_.empty()) fail(whole, "name the blank before the first rule");
      blank_ = symbol(words[1]);
    } else if (key == "head" && words.size() == 2) {
      read_head(words[1]);
    } else {
      fail(whole, fmt::format("a line beginning with '{}' is not understood", key),
           "lines are 'blank S', 'start Q', 'final Q...', 'tape S...', 'head N' and "
           "'Q S -> Q S left'");
    }
  }

  void read_head(const LineWord& word) {
    const auto [end, error] =
        std::from_chars(word.text.data(), word.text.data() + word.text.size(), head_);
    if (error != std::errc{} || end != word.text.data() + word.text.size() || head_ == 0)
      fail(word.span, "expected the number of a cell, from 1");
  }

  void read_rule(const std::vector<LineWord>& words, Span whole) {
    if (words.size() != 6) {
      fail(whole, "expected 'STATE SYMBOL -> STATE SYMBOL left|right|stay'");
      return;
    }
    const TermId from = state(words[0]);
    const ProgramId leave = terms_.pop(state_, from);
    const ProgramId scan = terms_.pop(right_, symbol(words[1]));
    const ProgramId enter = terms_.push(state(words[3]), state_);
    const TermId written = symbol(words[4]);
    const std::string_view move = words[5].text;
    if (move == "right" || move == "R") {
      steps_.push_back(terms_.seq({leave, scan, terms_.push(written, left_), enter}));
    } else if (move == "stay" || move == "S") {
      steps_.push_back(terms_.seq({leave, scan, terms_.push(written, right_), enter}));
    } else if (move == "left" || move == "L") {
      const VarId x = terms_.fresh_variable("X");
      steps_.push_back(terms_.fresh(x, terms_.seq({leave, scan, terms_.pop(left_, terms_.var(x)),
                                                   terms_.push(written, right_),
                                                   terms_.push(terms_.var(x), right_), enter})));
    } else {
      fail(words[5].span, fmt::format("'{}' is no move", move), "moves are left, right and stay");
    }
    const bool blank = terms_.equal_terms(symbol(words[1]), blank_);
    if (blank && extended_.insert(words[0].text).second) extend(from);
  }

  // Blank cells under a head that left the tape, once for each state that reads blanks.
  void extend(TermId state) {
    const ProgramId leave = terms_.pop(state_, state), enter = terms_.push(state, state_);
    steps_.push_back(
        terms_.seq({leave, terms_.pop(right_, right_end_), terms_.push(right_end_, right_),
                    terms_.push(blank_, right_), enter}));
    steps_.push_back(
        terms_.seq({leave, terms_.pop(right_, left_end_), terms_.push(left_end_, left_),
                    terms_.push(blank_, right_), enter}));
  }

  // The head stands on cell `head_`; cells before it are on the left stack.
  void ask_tape(ProgramId program, const std::vector<TermId>& tape) {
    const std::size_t before = std::min(head_ - 1, tape.size());
    MemoryEntry left{left_, {left_end_}}, right{right_, {right_end_}};
    left.items.insert(left.items.end(), tape.begin(),
                      tape.begin() + static_cast<std::ptrdiff_t>(before));
    right.items.insert(right.items.end(), tape.rbegin(),
                       tape.rend() - static_cast<std::ptrdiff_t>(before));
    t_.ask(program, {left, right});
  }

  Translation& t_;
  Terms& terms_;
  Symbol state_, left_, right_;
  TermId left_end_, right_end_, blank_;
  std::vector<ProgramId> start_, steps_, finals_;
  std::set<std::string_view> extended_;  // states that make blanks
  std::optional<std::vector<TermId>> tape_;
  std::size_t head_ = 1;
};

}  // namespace

void from_turing(Translation& t) {
  TuringTranslator translator(t);
  translator.read();
  translator.ask(t.define(translator.program()));
}

}  // namespace ordo::machine::rmc
