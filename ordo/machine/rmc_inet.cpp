#include "ordo/machine/rmc_inet.h"

#include <fmt/format.h>

#include "ordo/machine/lexer.h"

namespace ordo::machine::rmc {
namespace {

enum Mark : std::uint32_t { kMeets, kGives, kEqual, kComma, kDot, kLeft, kRight };
const std::vector<Punctuation> kMarks{{"><", kMeets}, {"=>", kGives}, {"=", kEqual}, {",", kComma},
                                      {".", kDot},    {"(", kLeft},   {")", kRight}};

struct Failed {};

class InetReader {
 public:
  InetReader(const SourceMap& sources, SourceId file, InetProgram& program, Diagnostics& problems)
      : sources_(sources), program_(program), problems_(problems), lexer_(sources, file, kMarks) {
    advance();
  }

  void read_file() {
    while (token_.kind != TokenKind::end) {
      try {
        read_entry();
      } catch (const Failed&) {
        while (token_.kind != TokenKind::end && !at(kDot)) advance();
        if (at(kDot)) advance();
      }
    }
  }

  void read_net() {
    try {
      InetWiring wiring = read_wiring(token_.span);
      if (at(kDot)) advance();
      if (token_.kind != TokenKind::end) expected("',' or the net's end");
      program_.nets.push_back(std::move(wiring));
    } catch (const Failed&) {
    }
  }

 private:
  bool at(Mark mark) const { return token_.kind == TokenKind::punctuation && token_.code == mark; }
  std::string_view text() const { return sources_.text(token_.span); }
  void advance() { token_ = lexer_.next(); }
  [[noreturn]] void expected(std::string_view what) {
    const bool bad = token_.kind == TokenKind::bad;
    const std::string found =
        token_.kind == TokenKind::end ? "the end of the text" : fmt::format("'{}'", text());
    problems_.error(token_.span,
                    bad ? lexer_.problem() : fmt::format("expected {}, found {}", what, found));
    throw Failed{};
  }
  void require(Mark mark, std::string_view what) {
    if (!at(mark)) expected(what);
    advance();
  }

  void read_entry() {
    const Span begin = token_.span;
    if (token_.kind == TokenKind::lower && text() == "net") {
      advance();
      InetWiring wiring = read_wiring(begin);
      require(kDot, "',' or '.'");
      program_.nets.push_back(std::move(wiring));
      return;
    }
    const InetTreeId left = read_tree();
    require(kMeets, "'><'");
    const InetTreeId right = read_tree();
    const Span head = Span::join(begin, program_.trees[right].span);
    require(kGives, "'=>'");
    InetRule rule{left, right, read_wiring(token_.span), head};
    require(kDot, "',' or '.'");
    program_.rules.push_back(std::move(rule));
  }

  InetWiring read_wiring(Span begin) {
    InetWiring wiring{{}, begin};
    if (at(kDot) || token_.kind == TokenKind::end) return wiring;
    while (true) {
      const InetTreeId left = read_tree();
      const bool active = at(kMeets);
      if (!active && !at(kEqual)) expected("'><' or '='");
      advance();
      const InetTreeId right = read_tree();
      wiring.connections.push_back({left, right, active});
      if (!at(kComma)) return wiring;
      advance();
    }
  }

  // Agents whose ports are being read stand on a stack.
  InetTreeId read_tree() {
    std::vector<InetTreeId> open;
    while (true) {
      if (token_.kind != TokenKind::lower) expected("a wire or an agent, in small letters");
      program_.trees.push_back({std::string(text()), false, {}, token_.span});
      auto tree = static_cast<InetTreeId>(program_.trees.size() - 1);
      if (!open.empty()) program_.trees[open.back()].ports.push_back(tree);
      advance();
      if (at(kLeft)) {
        program_.trees[tree].applied = true;
        advance();
        if (!at(kRight)) {
          open.push_back(tree);
          continue;
        }
        advance();
      }
      while (!open.empty() && at(kRight)) {
        tree = open.back();
        open.pop_back();
        program_.trees[tree].span = Span::join(program_.trees[tree].span, token_.span);
        advance();
      }
      if (open.empty()) return tree;
      require(kComma, "',' or ')'");
    }
  }

  const SourceMap& sources_;
  InetProgram& program_;
  Diagnostics& problems_;
  Lexer lexer_;
  Token token_;
};

}  // namespace

void read_inet(const SourceMap& sources, SourceId file, InetProgram& program,
               Diagnostics& problems) {
  InetReader(sources, file, program, problems).read_file();
}

void read_inet_net(const SourceMap& sources, SourceId file, InetProgram& program,
                   Diagnostics& problems) {
  InetReader(sources, file, program, problems).read_net();
}

}  // namespace ordo::machine::rmc
