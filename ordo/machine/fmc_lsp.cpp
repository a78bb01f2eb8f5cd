// The name at a place is found among the tokens, the term that it is among those of the declaration
// around it; the type is what inference knew there.
#include "ordo/machine/fmc_lsp.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/fmc_tokens.h"
#include "ordo/machine/fmc_types.h"

namespace ordo::machine::fmc {
namespace {

bool contains(Span span, std::uint32_t offset) {
  return span.begin <= offset && offset <= span.end;
}

class Analysis : public LspAnalysis {
 public:
  Analysis(const std::string& path, std::string text) : problems_(sources_, 100) {
    document_ = sources_.add(path, std::move(text));
    parse_module(terms_, sources_, document_, module_, problems_);
    if (!problems_.empty()) return;
    TypeChecker checker(terms_, module_);
    for (const Definition& definition : module_.definitions())
      checker.type_of(definition, problems_);
    for (const Action& action : module_.actions) checker.type_of(action.term, problems_);
  }

  const SourceMap& sources() const override { return sources_; }
  SourceId document() const override { return document_; }
  const std::vector<Diagnostic>& problems() const override { return problems_.all(); }

  std::optional<Hover> hover(std::uint32_t offset) override {
    const auto token = token_at(offset);
    if (!token) return std::nullopt;
    const std::string name(sources_.text(token->span));
    if (token->kind == TokenKind::upper) {
      const DataType* type = module_.data_of(terms_.intern(name));
      if (type == nullptr) return std::nullopt;
      return Hover{token->span, fmt::format("{} constructs {}", name, terms_.text(type->name))};
    }
    const Found found = find(*token);
    std::string type;
    if (const Definition* definition = found.root == nullptr ? definition_at(*token) : nullptr) {
      Diagnostics ignored(sources_);
      type = TypeChecker(terms_, module_).type_of(*definition, ignored);
    } else if (found.root != nullptr) {
      type = TypeChecker(terms_, module_).type_at(*found.root, found.part);
    }
    if (type.empty()) return std::nullopt;
    return Hover{token->span, fmt::format("{} : {}", name, type)};
  }

  std::optional<Span> definition(std::uint32_t offset) override {
    const auto token = token_at(offset);
    if (!token) return std::nullopt;
    const Symbol name = terms_.intern(sources_.text(token->span));
    if (token->kind == TokenKind::string) return imported(*token);
    if (token->kind == TokenKind::upper) {
      if (const DataType* type = module_.data_of(name)) {
        for (const Constructor& made : type->constructors) {
          if (made.name == name) return made.span;
        }
      }
      const DataType* type = module_.find_data(name);
      return type == nullptr ? std::nullopt : std::optional(type->span);
    }
    const Found found = find(*token);
    if (found.root != nullptr && found.binder) return terms_.span(*found.binder);
    const Definition* definition = module_.find(name);
    return definition == nullptr ? std::nullopt : std::optional(definition->span);
  }

 private:
  struct Found {
    const TermId* root = nullptr;  // the declaration's term; nullptr: in none
    TermId part = 0;               // the variable, or the pop that binds it
    std::optional<TermId> binder;  // the pop
  };

  std::optional<Token> token_at(std::uint32_t offset) const {
    Lexer lexer(sources_, document_, marks());
    for (Token token = lexer.next(); token.kind != TokenKind::end && token.span.begin <= offset;
         token = lexer.next()) {
      const bool named = token.kind == TokenKind::lower || token.kind == TokenKind::upper ||
                         token.kind == TokenKind::string;
      if (named && contains(token.span, offset)) return token;
    }
    return std::nullopt;
  }
  const Definition* definition_at(const Token& token) const {
    for (const Definition& definition : module_.definitions()) {
      if (definition.span == token.span) return &definition;
    }
    return nullptr;
  }
  std::optional<Span> imported(const Token& token) {
    Diagnostics ignored(sources_);
    const auto path = resolve_import(
        sources_.name(document_), unquote(sources_.text(token.span), token.span, ignored), ".fmc");
    for (SourceId id = 0; id < sources_.size(); ++id) {
      if (sources_.name(id) == path.string()) return Span{id, 0, 0};
    }
    return std::nullopt;
  }

  // The smallest variable of the token's name around it, or the pop whose binder it names.
  Found find(const Token& token) {
    const Symbol name = terms_.intern(sources_.text(token.span));
    Found best;
    std::uint32_t smallest = ~0U;
    for (const Definition& definition : module_.definitions())
      find_in(definition.term, token, name, best, smallest);
    for (const Action& action : module_.actions) find_in(action.term, token, name, best, smallest);
    return best;
  }
  void find_in(const TermId& root, const Token& token, Symbol name, Found& best,
               std::uint32_t& smallest) {
    struct Task {
      TermId id;
      std::size_t depth;
    };
    std::vector<Task> tasks{{root, 0}};
    std::vector<TermId> binders;
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      binders.resize(task.depth);
      const Node& node = terms_[task.id];
      const Span span = terms_.span(task.id);
      const bool around = span.source == document_ && span.begin <= token.span.begin &&
                          token.span.end <= span.end && span.end - span.begin < smallest;
      const bool free = node.op == Op::free && node.label == name;
      const bool bound =
          node.op == Op::bound &&
          terms_.binder_name(terms_[binders[task.depth - 1 - node.label]].first) == name;
      const bool binds = node.op == Op::pop && terms_.binder_name(node.first) == name &&
                         token.span.end + 1 <= span.end;
      if (around && (free || bound || binds)) {
        smallest = span.end - span.begin;
        best = {&root, task.id, std::nullopt};
        if (bound) best.binder = binders[task.depth - 1 - node.label];
        if (binds) best.binder = task.id;
      }
      if (node.op == Op::pop) {
        binders.push_back(task.id);
        tasks.push_back({node.second, task.depth + 1});
      } else if (node.op == Op::push || node.op == Op::join) {
        tasks.push_back({node.second, task.depth});
        tasks.push_back({node.first, task.depth});
      } else if (node.op == Op::loop) {
        tasks.push_back({node.first, task.depth});
      }
    }
  }

  Terms terms_;
  SourceMap sources_;
  Module module_;
  Diagnostics problems_;
  SourceId document_ = 0;
};

}  // namespace

LspLanguage lsp_language() {
  return {"ordo fmc", "fmc", [](const std::string& path, std::string text) {
            return std::make_unique<Analysis>(path, std::move(text));
          }};
}

}  // namespace ordo::machine::fmc
