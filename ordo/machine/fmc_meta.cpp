// What is open waits on a stack of frames. A term is read until nothing more can belong to it, then
// it is put into the frame that waits for it, which may complete that one, and so on.
#include "ordo/machine/fmc_meta.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/machine/fmc_encode.h"
#include "ordo/machine/integer.h"
#include "ordo/machine/token_reader.h"

namespace ordo::machine::fmc {
namespace {

enum Mark : std::uint32_t {
  kLambda,
  kDot,
  kLeft,
  kRight,
  kEqual,
  kFeed,
  kRandom,
  kEither,
  kSemicolon
};
const std::vector<Punctuation> kMarks{{"\\", kLambda}, {"λ", kLambda},   {".", kDot},
                                      {"(", kLeft},    {")", kRight},    {"=", kEqual},
                                      {"'", kFeed},    {"`", kFeed},     {"<+>", kRandom},
                                      {"⊕", kRandom},  {"<|>", kEither}, {";", kSemicolon}};

constexpr std::string_view kWords[] = {"let",   "in",   "if",    "then",  "else",   "try",
                                       "catch", "to",   "force", "thunk", "return", "get",
                                       "set",   "read", "write", "raise"};

// What kind of phrase a term came from. Call-by-push-value tells values from computations.
enum class Sort { value, computation, any };

struct Phrase {
  TermId term = 0;
  Sort sort = Sort::any;
  Span span;
};

class Reader : private TokenReader {
 public:
  Reader(Terms& terms, const SourceMap& sources, SourceId file, Metalanguage language,
         Diagnostics& problems)
      : TokenReader(sources, file, problems, kMarks, kWords),
        terms_(terms),
        encode_(terms),
        language_(language),
        problems_(problems) {}

  TermId run() {
    frames_.push_back({Frame::Kind::top});
    while (true) {
      Phrase phrase;
      if (!start(phrase)) continue;
      while (place(phrase)) {
      }
      if (frames_.empty()) return result_;
    }
  }

 private:
  struct Frame {
    enum class Kind {
      top,
      parenthesis,
      lambda,     // name
      bound,      // let name = HERE
      body,       // phrase to name HERE, or let ... in HERE
      condition,  // if HERE
      yes,        // phrase: the condition
      no,         // phrase: the condition; other: the branch
      attempt,    // try HERE
      handler,    // phrase: what is tried; jump; name
      sequence,   // phrase: the left
      choice,     // phrase: the left; stream
      apply,      // phrase: the function; HERE is one argument
      feed,       // phrase: the value
      operands    // word; jump or cell in name; values
    } kind;
    Phrase phrase = {};
    Phrase other = {};
    Symbol name = 0;
    Symbol jump = 0;
    std::string_view word = {};
    std::vector<Phrase> operands = {};
    std::size_t wanted = 0;
  };

  // A word that is kept, or a primitive.
  bool no_name() const { return reserved_at() || primitive() != nullptr; }
  const Primitive* primitive() const { return terms_.primitive(terms_.intern(text())); }
  void require_word(std::string_view w) {
    if (!take_word(w)) expected(fmt::format("'{}'", w));
  }
  Symbol name(std::string_view what) {
    if (!at(TokenKind::lower) || no_name()) expected(what);
    const Symbol found = terms_.intern(text());
    advance();
    return found;
  }
  Symbol exception() {
    if (!at(TokenKind::upper) || Encoder::is_reserved(text())) {
      expected(
          "an exception's name: a capital first, not True, False, Break, Continue, Ret or K with "
          "digits");
    }
    const Symbol found = terms_.intern(text());
    advance();
    return found;
  }

  bool push_value() const { return language_ == Metalanguage::push_value; }
  // Reports the wrong sort, and goes on.
  void want(const Phrase& phrase, Sort sort) {
    if (!push_value() || phrase.sort == sort || phrase.sort == Sort::any) return;
    if (sort == Sort::value) {
      problems_.error(phrase.span, "expected a value, found a computation",
                      "'thunk (...)' makes a value of it, '... to x.' names its result");
    } else {
      problems_.error(phrase.span, "expected a computation, found a value",
                      "'force' runs a thunk, 'return' gives a value back");
    }
  }
  Phrase computation(TermId term, Span start) {
    return {term, push_value() ? Sort::computation : Sort::any, Span::join(start, last())};
  }

  void bind(Symbol name) { binders_[name].push_back(depth_++); }
  void unbind(Symbol name) {
    --depth_;
    binders_[name].pop_back();
  }

  bool atom_starts() const {
    return at(kLeft) || at(TokenKind::upper) || at(TokenKind::integer) || at(TokenKind::string) ||
           (at(TokenKind::lower) && !no_name());
  }
  bool awaits_atom() const {
    const Frame::Kind kind = frames_.back().kind;
    return kind == Frame::Kind::apply || kind == Frame::Kind::operands;
  }

  bool start(Phrase& made);
  bool start_word(Phrase& made);
  Phrase atom();
  bool place(Phrase& phrase);
  bool extend(Phrase& phrase);
  bool close(Phrase& phrase);
  Phrase build(const Frame& frame);

  Terms& terms_;
  Encoder encode_;
  Metalanguage language_;
  Diagnostics& problems_;
  std::vector<Frame> frames_;
  std::unordered_map<Symbol, std::vector<std::uint32_t>> binders_;
  std::uint32_t depth_ = 0;
  TermId result_ = 0;
};

// Reads what begins a term: true with a complete small one, false if a frame was opened.
bool Reader::start(Phrase& made) {
  if (at(kLeft)) {
    frames_.push_back({.kind = Frame::Kind::parenthesis, .phrase = {0, Sort::any, next().span}});
    advance();
    return false;
  }
  if (!awaits_atom()) {
    if (at(kLambda)) {
      const Span span = next().span;
      advance();
      do {
        const Symbol parameter = name("a variable after the lambda");
        bind(parameter);
        frames_.push_back(
            {.kind = Frame::Kind::lambda, .phrase = {0, Sort::any, span}, .name = parameter});
      } while (!at(kDot));
      advance();
      return false;
    }
    if (no_name()) return start_word(made);
  }
  if (!atom_starts()) {
    expected(awaits_atom() ? "an argument: a name, a literal or '('"
                           : "a term: a name, a literal, '(', a lambda or a keyword");
  }
  made = atom();
  return true;
}

bool Reader::start_word(Phrase& made) {
  const Span span = next().span;
  const std::string_view w = text();
  const Phrase begun{0, Sort::any, span};
  if (w == "let" && !push_value()) {
    advance();
    const Symbol bound = name("a variable after 'let'");
    require(kEqual, "'='");
    frames_.push_back({.kind = Frame::Kind::bound, .phrase = begun, .name = bound});
  } else if (w == "if" || w == "try") {
    advance();
    frames_.push_back(
        {.kind = w == "if" ? Frame::Kind::condition : Frame::Kind::attempt, .phrase = begun});
  } else if (w == "get" || w == "read") {
    advance();
    made = computation(w == "read" ? encode_.read() : encode_.get(name("a cell's name")), span);
    return true;
  } else if (w == "set" || w == "raise" || w == "write" || w == "return" ||
             primitive() != nullptr || (push_value() && (w == "force" || w == "thunk"))) {
    Frame frame{.kind = Frame::Kind::operands, .phrase = begun, .word = w, .wanted = 1};
    if (const Primitive* p = primitive()) frame.wanted = static_cast<std::size_t>(arity(*p));
    advance();
    if (w == "set") frame.name = name("a cell's name");
    if (w == "raise") frame.jump = exception();
    frames_.push_back(std::move(frame));
  } else {
    expected("a term");
  }
  return false;
}

Phrase Reader::atom() {
  const Span span = next().span;
  TermId term = 0;
  if (at(TokenKind::lower)) {
    const Symbol spelled = terms_.intern(text());
    const auto found = binders_.find(spelled);
    const bool is_bound = found != binders_.end() && !found->second.empty();
    term = is_bound ? terms_.bound(depth_ - 1 - found->second.back()) : terms_.free(spelled);
    terms_.set_span(term, span);
  } else {
    const std::string spelled = at(TokenKind::integer)  ? Integer::parse(text())->to_string()
                                : at(TokenKind::string) ? quote(unquote(text(), span, problems_))
                                                        : std::string(text());
    term = terms_.jump(terms_.intern(spelled));
  }
  advance();
  return {term, push_value() ? Sort::value : Sort::any, span};
}

// Puts a phrase where it belongs: true if a larger one came of it, in `phrase`.
bool Reader::place(Phrase& phrase) {
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::operands) {
    want(phrase, frame.word == "thunk" ? Sort::computation : Sort::value);
    frame.operands.push_back(phrase);
    if (frame.operands.size() < frame.wanted) return false;
    phrase = build(frame);
    frames_.pop_back();
    return true;
  }
  if (frame.kind == Frame::Kind::apply) {
    const Span span = Span::join(frame.phrase.span, phrase.span);
    phrase = {terms_.push(phrase.term, kMain, frame.phrase.term), Sort::any, span};
    frames_.pop_back();
    return true;
  }
  if (extend(phrase)) return false;
  return close(phrase);
}

// Whether the phrase is the left part of a larger one; then a frame waits for the right part.
bool Reader::extend(Phrase& phrase) {
  if (!push_value() && atom_starts()) {
    frames_.push_back({.kind = Frame::Kind::apply, .phrase = phrase});
    return true;
  }
  if (push_value() && at(kFeed)) {
    want(phrase, Sort::value);
    advance();
    frames_.push_back({.kind = Frame::Kind::feed, .phrase = phrase});
    return true;
  }
  // A value is fed to a whole computation before that is chosen or named.
  if (frames_.back().kind == Frame::Kind::feed) return false;
  if (at(kRandom) || at(kEither)) {
    want(phrase, Sort::computation);
    Frame frame{.kind = Frame::Kind::choice, .phrase = phrase, .word = at(kRandom) ? "rnd" : "nd"};
    advance();
    ++depth_;  // the choice's binder
    frames_.push_back(std::move(frame));
    return true;
  }
  if (frames_.back().kind == Frame::Kind::choice) return false;
  if (at(kSemicolon)) {
    want(phrase, Sort::computation);
    advance();
    frames_.push_back({.kind = Frame::Kind::sequence, .phrase = phrase});
    return true;
  }
  if (push_value() && word("to")) {
    want(phrase, Sort::computation);
    advance();
    Frame frame{.kind = Frame::Kind::body, .phrase = phrase, .name = name("a variable after 'to'")};
    require(kDot, "'.' after the variable");
    bind(frame.name);
    frames_.push_back(std::move(frame));
    return true;
  }
  return false;
}

// Ends the innermost frame with the phrase: true if it became a larger one.
bool Reader::close(Phrase& phrase) {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  const Span start = frame.phrase.span;
  const auto becomes = [&](TermId term) {
    phrase = computation(term, start);
    return true;
  };
  const auto waits = [&](Frame::Kind kind) {
    frame.kind = kind;
    frames_.push_back(std::move(frame));
    return false;
  };
  if (frame.kind != Frame::Kind::parenthesis && frame.kind != Frame::Kind::condition)
    want(phrase, Sort::computation);
  switch (frame.kind) {
    case Frame::Kind::top:
      if (!at(TokenKind::end)) expected("the end of the term");
      result_ = phrase.term;
      return false;
    case Frame::Kind::parenthesis:
      require(kRight, "')'");
      phrase.span = Span::join(start, last());
      return true;
    case Frame::Kind::lambda:
      unbind(frame.name);
      return becomes(terms_.pop(kMain, frame.name, phrase.term));
    case Frame::Kind::bound:
      require_word("in");
      frame.phrase = {phrase.term, Sort::any, start};
      bind(frame.name);
      return waits(Frame::Kind::body);
    case Frame::Kind::body:
      unbind(frame.name);
      return becomes(encode_.then(frame.phrase.term, terms_.pop(kMain, frame.name, phrase.term)));
    case Frame::Kind::condition: {
      require_word("then");
      const bool is_value = phrase.sort == Sort::value;
      frame.phrase.term = is_value ? encode_.push(phrase.term) : phrase.term;
      ++depth_;  // the conditional's binder
      return waits(Frame::Kind::yes);
    }
    case Frame::Kind::yes:
      require_word("else");
      frame.other = phrase;
      return waits(Frame::Kind::no);
    case Frame::Kind::no:
      --depth_;
      return becomes(encode_.conditional(frame.phrase.term, frame.other.term, phrase.term));
    case Frame::Kind::attempt:
      require_word("catch");
      frame.jump = exception();
      frame.name = name("a variable");
      require(kDot, "'.' after the variable");
      frame.phrase = {phrase.term, Sort::any, start};
      bind(frame.name);
      return waits(Frame::Kind::handler);
    case Frame::Kind::handler:
      unbind(frame.name);
      return becomes(
          terms_.join(frame.phrase.term, frame.jump, terms_.pop(kMain, frame.name, phrase.term)));
    case Frame::Kind::sequence:
      return becomes(encode_.then(frame.phrase.term, phrase.term));
    case Frame::Kind::choice: {
      --depth_;
      const TermId left = terms_.shift(frame.phrase.term, 1);
      return becomes(encode_.choice(frame.word, left, phrase.term));
    }
    case Frame::Kind::feed:
      return becomes(terms_.push(frame.phrase.term, kMain, phrase.term));
    case Frame::Kind::apply:
    case Frame::Kind::operands:
      break;
  }
  return false;
}

Phrase Reader::build(const Frame& frame) {
  const Span start = frame.phrase.span;
  const TermId value = frame.operands[0].term;
  const auto& w = frame.word;
  if (w == "thunk") return {value, Sort::value, Span::join(start, last())};
  TermId made = encode_.push(value);
  if (w == "force") {
    made = terms_.push(value, kMain, terms_.pop(kMain, terms_.intern("x"), terms_.bound(0)));
  } else if (w == "set" || w == "write") {
    made = encode_.then(made, w == "set" ? encode_.set(frame.name) : encode_.write());
  } else if (w == "raise") {
    made = terms_.push(value, kMain, terms_.jump(frame.jump));
  } else if (w != "return") {  // a primitive: the first operand is popped first
    TermId operation = encode_.primitive(w);
    terms_.set_span(operation, start);
    for (const Phrase& operand : frame.operands)
      operation = terms_.push(operand.term, kMain, operation);
    made = operation;
  }
  return computation(made, start);
}

}  // namespace

TermId from_metalanguage(Terms& terms, const SourceMap& sources, SourceId file,
                         Metalanguage language, Diagnostics& problems) {
  try {
    const TermId term = Reader(terms, sources, file, language, problems).run();
    return problems.empty() ? term : terms.skip();
  } catch (const ParseFailed&) {
    return terms.skip();
  }
}

}  // namespace ordo::machine::fmc
