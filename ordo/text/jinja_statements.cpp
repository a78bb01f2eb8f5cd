// Statements of templates: what stands in {% %}.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/text/jinja_parser.h"

namespace ordo::text::jinja {
namespace {

constexpr int kDeepest = 100;
constexpr std::string_view kKnown = "break, continue, filter, for, generation, if, macro, raw, set";

class TemplateParser {
 public:
  TemplateParser(std::string_view source, const std::string& name)
      : tokens_(tokenize(source, name), name), expressions_(tokens_) {}

  Block parse() { return parse_block({}); }

 private:
  // Up to {% one of the names (which is left, without its {%), or to the template's end.
  Block parse_block(const std::vector<std::string>& ends) {
    Block block;
    if (++depth_ > kDeepest) tokens_.fail("blocks stand too deep in each other");
    while (true) {
      const Token& token = tokens_.peek();
      if (token.kind == TokenKind::end) {
        if (!ends.empty()) tokens_.fail_expecting(fmt::format("'{{% {} %}}'", ends.back()));
        break;
      }
      if (token.kind == TokenKind::text) {
        Statement text = make(StatementKind::text);
        text.text = tokens_.next().text;
        block.push_back(std::move(text));
      } else if (token.kind == TokenKind::print_begin) {
        tokens_.next();
        Statement print = make(StatementKind::print);
        print.expression = expressions_.parse_tuple();
        tokens_.expect_end(TokenKind::print_end);
        block.push_back(std::move(print));
      } else {
        tokens_.next();
        if (tokens_.peek().kind == TokenKind::name &&
            std::find(ends.begin(), ends.end(), tokens_.peek().text) != ends.end()) {
          break;
        }
        block.push_back(parse_statement());
      }
    }
    --depth_;
    return block;
  }

  Statement make(StatementKind kind) const {
    Statement statement;
    statement.kind = kind;
    statement.line = tokens_.peek().line;
    return statement;
  }

  void end_tag() { tokens_.expect_end(TokenKind::block_end); }

  std::unique_ptr<Block> parse_body(const std::vector<std::string>& ends) {
    end_tag();
    return std::make_unique<Block>(parse_block(ends));
  }

  void finish(std::string_view name) {
    tokens_.expect_name(name);
    end_tag();
  }

  Statement parse_statement() {
    if (tokens_.peek().kind != TokenKind::name) tokens_.fail_expecting("a statement");
    const std::string& name = tokens_.peek().text;
    if (name == "if") return parse_if();
    if (name == "for") return parse_for();
    if (name == "set") return parse_set();
    if (name == "macro") return parse_macro();
    if (name == "filter") return parse_filter();
    if (name == "generation") return parse_generation();
    if (name == "break" || name == "continue") {
      Statement jump =
          make(name == "break" ? StatementKind::loop_break : StatementKind::loop_continue);
      if (loops_ == 0) tokens_.fail(fmt::format("'{}' outside a loop", name));
      tokens_.next();
      end_tag();
      return jump;
    }
    tokens_.fail(fmt::format("the statement '{}' is not known here; known are {}", name, kKnown));
  }

  Statement parse_if() {
    Statement statement = make(StatementKind::condition);
    tokens_.expect_name("if");
    ExpressionPtr condition = expressions_.parse_tuple();
    while (true) {
      auto body = parse_body({"elif", "else", "endif"});
      statement.branches.push_back({std::move(condition), std::move(body)});
      if (tokens_.take_name("elif")) {
        condition = expressions_.parse_tuple();
        continue;
      }
      if (tokens_.take_name("else")) {
        statement.branches.push_back({nullptr, parse_body({"endif"})});
      }
      finish("endif");
      return statement;
    }
  }

  Statement parse_for() {
    Statement statement = make(StatementKind::loop);
    tokens_.expect_name("for");
    const bool bracket = tokens_.take_symbol("(");
    do {
      statement.targets.push_back(tokens_.expect_identifier());
    } while (tokens_.take_symbol(","));
    if (bracket) tokens_.expect_symbol(")");
    tokens_.expect_name("in");
    statement.expression = expressions_.parse_or();
    if (tokens_.take_name("if")) statement.filter = expressions_.parse();
    if (tokens_.is_name("recursive")) tokens_.fail("recursive loops are not supported");
    ++loops_;
    statement.body = parse_body({"else", "endfor"});
    --loops_;
    if (tokens_.take_name("else")) statement.otherwise = parse_body({"endfor"});
    finish("endfor");
    return statement;
  }

  Statement parse_set() {
    Statement statement = make(StatementKind::set);
    tokens_.expect_name("set");
    do {
      std::string target = tokens_.expect_identifier();
      if (tokens_.take_symbol(".")) target += "." + tokens_.expect_identifier();
      statement.targets.push_back(std::move(target));
    } while (tokens_.take_symbol(","));
    if (tokens_.take_symbol("=")) {
      statement.expression = expressions_.parse_tuple();
      end_tag();
      return statement;
    }
    if (tokens_.is_symbol("|")) statement.filter = parse_filters();
    statement.body = parse_body({"endset"});
    finish("endset");
    return statement;
  }

  // Filters of the text of a body, which is the innermost value: null.
  ExpressionPtr parse_filters() {
    ExpressionPtr filters;
    while (tokens_.is_symbol("|")) filters = expressions_.parse_filter(std::move(filters));
    return filters;
  }

  Statement parse_macro() {
    Statement statement = make(StatementKind::macro);
    tokens_.expect_name("macro");
    statement.text = tokens_.expect_identifier();
    tokens_.expect_symbol("(");
    while (!tokens_.take_symbol(")")) {
      if (!statement.parameters.empty()) tokens_.expect_symbol(",");
      std::string name = tokens_.expect_identifier();
      ExpressionPtr otherwise = tokens_.take_symbol("=") ? expressions_.parse() : nullptr;
      statement.parameters.emplace_back(std::move(name), std::move(otherwise));
    }
    const int loops = std::exchange(loops_, 0);
    statement.body = parse_body({"endmacro"});
    loops_ = loops;
    tokens_.expect_name("endmacro");
    if (tokens_.is_name(statement.text)) tokens_.next();
    end_tag();
    return statement;
  }

  Statement parse_filter() {
    Statement statement = make(StatementKind::filter);
    tokens_.expect_name("filter");
    statement.filter = expressions_.parse_named_filter();
    if (tokens_.is_symbol("|")) tokens_.fail("write the filters of a block one inside the other");
    statement.body = parse_body({"endfilter"});
    finish("endfilter");
    return statement;
  }

  // Marks what the assistant wrote, for those who train on it.
  Statement parse_generation() {
    Statement statement = make(StatementKind::block);
    tokens_.expect_name("generation");
    statement.body = parse_body({"endgeneration"});
    finish("endgeneration");
    return statement;
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  int depth_ = 0, loops_ = 0;
};

}  // namespace

Block parse_template(std::string_view source, const std::string& name) {
  return TemplateParser(source, name).parse();
}

}  // namespace ordo::text::jinja
