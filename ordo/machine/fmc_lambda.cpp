// The parser keeps open parentheses and abstractions on a stack and translates on the way, so that
// depth costs no native stack. Indices count the binders that the translation itself makes.
#include "ordo/machine/fmc_lambda.h"

#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::fmc {
namespace {

enum Mark : std::uint32_t { kLambda, kDot, kOpen, kClose };
const std::vector<Punctuation> kMarks{
    {"\\", kLambda}, {"λ", kLambda}, {".", kDot}, {"(", kOpen}, {")", kClose}};

class Translator {
 public:
  Translator(Terms& terms, const SourceMap& sources, SourceId file, LambdaOrder order,
             Diagnostics& problems)
      : terms_(terms),
        sources_(sources),
        order_(order),
        problems_(problems),
        lexer_(sources, file, kMarks),
        token_(lexer_.next()) {}

  TermId run() {
    groups_.push_back({Group::Kind::top, false, 0, 0});
    while (true) {
      if (at(kLambda)) {
        if (!open_abstractions()) return terms_.skip();
      } else if (at(kOpen)) {
        advance();
        groups_.push_back({Group::Kind::parenthesis, false, 0, 0});
      } else if (token_.kind == TokenKind::lower || token_.kind == TokenKind::upper ||
                 token_.kind == TokenKind::integer || token_.kind == TokenKind::string) {
        apply(variable());
        advance();
      } else if (!close()) {
        return problems_.empty() ? groups_.front().term : terms_.skip();
      }
    }
  }

 private:
  struct Group {
    enum class Kind { top, parenthesis, abstraction } kind;
    bool has_term;
    TermId term;
    Symbol name;
  };

  bool at(Mark mark) const { return token_.kind == TokenKind::punctuation && token_.code == mark; }
  void advance() { token_ = lexer_.next(); }
  bool fail(const char* what) {
    const std::string found = token_.kind == TokenKind::end
                                  ? "the end of the text"
                                  : fmt::format("'{}'", sources_.text(token_.span));
    problems_.error(token_.span, fmt::format("expected {}, found {}", what, found));
    return false;
  }

  bool open_abstractions() {
    advance();
    if (token_.kind != TokenKind::lower) return fail("a variable after the lambda");
    while (token_.kind == TokenKind::lower) {
      const Symbol name = terms_.intern(sources_.text(token_.span));
      binders_[name].push_back(depth_++);
      groups_.push_back({Group::Kind::abstraction, false, 0, name});
      advance();
    }
    if (!at(kDot)) return fail("'.' after the lambda's variables");
    advance();
    return true;
  }

  TermId variable() {
    const Symbol name = terms_.intern(sources_.text(token_.span));
    const auto found = binders_.find(name);
    const bool is_bound = found != binders_.end() && !found->second.empty();
    const TermId term = is_bound ? terms_.bound(depth_ - 1 - found->second.back())
                        : token_.kind == TokenKind::lower ? terms_.free(name)
                                                          : terms_.jump(constant());
    terms_.set_span(term, token_.span);
    return order_ == LambdaOrder::by_name ? term : terms_.push(term, kMain, terms_.skip());
  }

  Symbol constant() {
    const std::string_view text = sources_.text(token_.span);
    if (token_.kind == TokenKind::integer) return terms_.intern(Integer::parse(text)->to_string());
    if (token_.kind == TokenKind::string)
      return terms_.intern(quote(unquote(text, token_.span, problems_)));
    return terms_.intern(text);
  }

  // Puts a finished term at the end of the innermost group's application.
  void apply(TermId term) {
    Group& group = groups_.back();
    group.term = group.has_term ? application(group.term, term) : term;
    group.has_term = true;
  }
  TermId application(TermId function, TermId argument) {
    if (order_ == LambdaOrder::by_name) return terms_.push(argument, kMain, function);
    const Symbol f = terms_.intern("f"), n = terms_.intern("n");
    if (order_ == LambdaOrder::by_value) {
      const TermId call = terms_.pop(kMain, f, terms_.bound(0));
      return terms_.join(terms_.join(argument, kSkip, function), kSkip, call);
    }
    const TermId body = terms_.push(terms_.bound(1), kMain, terms_.bound(0));
    const TermId call = terms_.pop(kMain, n, terms_.pop(kMain, f, body));
    return terms_.join(terms_.join(function, kSkip, argument), kSkip, call);
  }

  // At ')' or the end: closes abstractions and the group around them. False at the end.
  bool close() {
    if (!at(kClose) && token_.kind != TokenKind::end) return fail("a variable, '(' or a lambda");
    if (!groups_.back().has_term) return fail("a term");
    while (groups_.back().kind == Group::Kind::abstraction) {
      const Group group = groups_.back();
      groups_.pop_back();
      --depth_;
      binders_[group.name].pop_back();
      const TermId made = terms_.pop(kMain, group.name, group.term);
      apply(order_ == LambdaOrder::by_name ? made : terms_.push(made, kMain, terms_.skip()));
    }
    const bool outermost = groups_.back().kind == Group::Kind::top;
    if (outermost) return at(kClose) ? fail("the end of the term") : false;
    if (!at(kClose)) return fail("')'");
    advance();
    const TermId term = groups_.back().term;
    groups_.pop_back();
    apply(term);
    return true;
  }

  Terms& terms_;
  const SourceMap& sources_;
  LambdaOrder order_;
  Diagnostics& problems_;
  Lexer lexer_;
  Token token_;
  std::vector<Group> groups_;
  std::uint32_t depth_ = 0;
  std::unordered_map<Symbol, std::vector<std::uint32_t>> binders_;
};

}  // namespace

LambdaOrder lambda_order(std::string_view name) {
  if (name == "lambda-cbv") return LambdaOrder::by_value;
  return name == "lambda-cbv-ltr" ? LambdaOrder::by_value_left_first : LambdaOrder::by_name;
}

TermId from_lambda(Terms& terms, const SourceMap& sources, SourceId file, LambdaOrder order,
                   Diagnostics& problems) {
  return Translator(terms, sources, file, order, problems).run();
}

}  // namespace ordo::machine::fmc
