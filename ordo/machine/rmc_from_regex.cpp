// Open parentheses stand on a stack, each with the alternatives and the sequence read so far.
#include "ordo/machine/rmc_from_regex.h"

#include <cctype>
#include <string>

#include <fmt/format.h>

#include "ordo/machine/lexer.h"
#include "ordo/machine/rmc_word_file.h"

namespace ordo::machine::rmc {
namespace {

struct Sign {
  enum class Kind { end, letter, epsilon, empty, open, close, plus, star, option, bad } kind;
  std::string text;  // the letter; what is wrong
  Span span;
};

// Signs of expressions and words.
class Signs {
 public:
  Signs(const SourceMap& sources, SourceId file) : text_(sources.text(file)), file_(file) {}

  Sign next() {
    skip_blanks();
    if (at_ >= text_.size()) return take(Sign::Kind::end, 0);
    const char c = text_[at_];
    if (at_ >= word_end_) {
      word_begin_ = at_;
      word_end_ = end_of_word();
    }
    if (at_ < word_end_) return letter();
    constexpr std::pair<char, Sign::Kind> kSigns[] = {
        {'(', Sign::Kind::open}, {')', Sign::Kind::close}, {'+', Sign::Kind::plus},
        {'|', Sign::Kind::plus}, {'*', Sign::Kind::star},  {'?', Sign::Kind::option}};
    for (const auto& [character, kind] : kSigns)
      if (c == character) return take(kind, 1);
    if (c == '\'') return quoted();
    if (text_.substr(at_).starts_with("∅")) return take(Sign::Kind::empty, 3);
    Sign bad = take(Sign::Kind::bad, decode_utf8(text_, at_).length);
    bad.text = fmt::format("stray character '{}'",
                           text_.substr(bad.span.begin, bad.span.end - bad.span.begin));
    return bad;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '%' || text_.substr(at_, 2) == "--")
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        ++at_;
      else
        return;
    }
  }
  Sign take(Sign::Kind kind, std::size_t length) {
    const Span span{file_, static_cast<std::uint32_t>(at_),
                    static_cast<std::uint32_t>(at_ + length)};
    at_ += length;
    return {kind, {}, span};
  }
  std::size_t letter_length(std::size_t at) const {
    const auto c = static_cast<unsigned char>(text_[at]);
    std::uint32_t length = 1;
    if (c < 0x80) return std::isalnum(c) ? 1 : 0;
    return is_wide_letter(text_, at, length) ? length : 0;
  }
  std::size_t end_of_word() const {
    std::size_t end = at_;
    while (end < text_.size()) {
      const std::size_t length = letter_length(end);
      if (length == 0) break;
      end += length;
    }
    return end;
  }
  Sign letter() {
    const std::string_view word = text_.substr(at_, word_end_ - at_);
    const bool whole = at_ == word_begin_;
    if (whole && (word == "eps" || word == "ε")) return take(Sign::Kind::epsilon, word.size());
    if (whole && word == "empty") return take(Sign::Kind::empty, word.size());
    const std::size_t length = letter_length(at_);
    Sign sign = take(Sign::Kind::letter, length);
    sign.text = text_.substr(sign.span.begin, length);
    return sign;
  }
  Sign quoted() {
    const std::size_t close = text_.find_first_of("'\n", at_ + 1);
    const bool closed = close != std::string_view::npos && text_[close] == '\'';
    if (closed && close > at_ + 1) {
      Sign sign = take(Sign::Kind::letter, close + 1 - at_);
      sign.text = text_.substr(sign.span.begin + 1, close - 1 - sign.span.begin);
      return sign;
    }
    Sign bad = take(Sign::Kind::bad, closed ? 2 : 1);
    bad.text = closed ? "a letter has at least one character" : "this quoted letter is not closed";
    return bad;
  }

  std::string_view text_;
  SourceId file_;
  std::size_t at_ = 0;
  std::size_t word_begin_ = 0, word_end_ = 0;  // the run of letters around `at_`
};

class Expression {
 public:
  Expression(Translation& t) : t_(t), terms_(t.terms), signs_(t.sources, t.file) {}

  ProgramId read() {
    groups_.push_back({});
    for (Sign sign = signs_.next();; sign = signs_.next()) {
      if (sign.kind == Sign::Kind::end && groups_.size() == 1) break;
      if (!accept(sign)) return terms_.fail();
    }
    return finish(groups_.back());
  }

 private:
  struct Group {
    std::vector<ProgramId> alternatives = {}, sequence = {};
    Span open = {};
  };

  bool fail(const Sign& sign, std::string message) {
    t_.problems.error(sign.span, std::move(message));
    return false;
  }
  void add(ProgramId program) { groups_.back().sequence.push_back(program); }
  // A sequence of nothing is eps, so that `(+a)` and `()` mean something.
  ProgramId finish(Group& group) {
    group.alternatives.push_back(terms_.seq(group.sequence));
    group.sequence.clear();
    return terms_.sum(group.alternatives);
  }

  bool accept(const Sign& sign) {
    using Kind = Sign::Kind;
    switch (sign.kind) {
      case Kind::letter:
        add(terms_.pop("in", symbol_constant(terms_, sign.text, {"end"})));
        return true;
      case Kind::epsilon:
        add(terms_.skip());
        return true;
      case Kind::empty:
        add(terms_.fail());
        return true;
      case Kind::open:
        groups_.push_back({{}, {}, sign.span});
        return true;
      case Kind::plus:
        groups_.back().alternatives.push_back(terms_.seq(groups_.back().sequence));
        groups_.back().sequence.clear();
        return true;
      case Kind::star:
      case Kind::option:
        return repeat(sign);
      case Kind::close: {
        if (groups_.size() == 1) return fail(sign, "this ')' closes nothing");
        const ProgramId inner = finish(groups_.back());
        groups_.pop_back();
        add(inner);
        return true;
      }
      case Kind::bad:
        return fail(sign, sign.text);
      default:
        return fail({sign.kind, {}, groups_.back().open}, "this '(' is not closed");
    }
  }
  bool repeat(const Sign& sign) {
    std::vector<ProgramId>& sequence = groups_.back().sequence;
    if (sequence.empty()) return fail(sign, "expected a letter or '(' before what says how often");
    sequence.back() = sign.kind == Sign::Kind::star ? terms_.star(sequence.back())
                                                    : terms_.sum(sequence.back(), terms_.skip());
    return true;
  }

  Translation& t_;
  Terms& terms_;
  Signs signs_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<TermId> read_word(Terms& terms, const SourceMap& sources, SourceId file, Marks marks,
                              Diagnostics& problems) {
  std::vector<TermId> word;
  Signs signs(sources, file);
  for (Sign sign = signs.next(); sign.kind != Sign::Kind::end; sign = signs.next()) {
    if (sign.kind == Sign::Kind::letter) {
      word.push_back(symbol_constant(terms, sign.text, marks));
    } else if (sign.kind != Sign::Kind::epsilon) {
      problems.error(sign.span, sign.kind == Sign::Kind::bad ? sign.text : "expected a letter",
                     "a word is letters and digits; longer symbols stand between quotes");
      break;
    }
  }
  return word;
}

MemoryEntry word_on_stack(Terms& terms, std::string_view location,
                          const std::vector<TermId>& word) {
  MemoryEntry entry{terms.location(location), {terms.constant("end")}};
  entry.items.insert(entry.items.end(), word.rbegin(), word.rend());
  return entry;
}

void from_regex(Translation& t) {
  const ProgramId program = t.define(Expression(t).read());
  if (t.word_file) {
    const Symbol in = t.terms.location("in");
    t.ask(t.terms.seq(program, t.terms.pop(in, t.terms.constant("end"))),
          {{in, {t.terms.constant("end")}}}, word_file(t.terms, in, *t.word_file));
  }
  if (!t.question) return;
  const auto word = read_word(t.terms, t.sources, *t.question, {"end"}, t.problems);
  const ProgramId accept = t.terms.pop("in", t.terms.constant("end"));
  t.ask(t.terms.seq(program, accept), {word_on_stack(t.terms, "in", word)});
}

}  // namespace ordo::machine::rmc
