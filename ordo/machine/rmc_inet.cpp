#include "ordo/machine/rmc_inet.h"

#include <fmt/format.h>

#include "ordo/machine/token_reader.h"

namespace ordo::machine::rmc {
namespace {

enum Mark : std::uint32_t { kMeets, kGives, kEqual, kComma, kDot, kLeft, kRight };
const std::vector<Punctuation> kMarks{{"><", kMeets}, {"=>", kGives}, {"=", kEqual}, {",", kComma},
                                      {".", kDot},    {"(", kLeft},   {")", kRight}};

class InetReader : private TokenReader {
 public:
  InetReader(const SourceMap& sources, SourceId file, InetProgram& program, Diagnostics& problems)
      : TokenReader(sources, file, problems, kMarks), program_(program) {}

  void read_file() {
    while (!at(TokenKind::end)) {
      try {
        read_entry();
      } catch (const ParseFailed&) {
        while (!at(TokenKind::end) && !at(kDot)) advance();
        if (at(kDot)) advance();
      }
    }
  }

  void read_net() {
    try {
      InetWiring wiring = read_wiring(next().span);
      if (at(kDot)) advance();
      if (!at(TokenKind::end)) expected("',' or the net's end");
      program_.nets.push_back(std::move(wiring));
    } catch (const ParseFailed&) {
    }
  }

 private:
  void read_entry() {
    const Span begin = next().span;
    if (at(TokenKind::lower) && text() == "net") {
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
    InetRule rule{left, right, read_wiring(next().span), head};
    require(kDot, "',' or '.'");
    program_.rules.push_back(std::move(rule));
  }

  InetWiring read_wiring(Span begin) {
    InetWiring wiring{{}, begin};
    if (at(kDot) || at(TokenKind::end)) return wiring;
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
      if (!at(TokenKind::lower)) expected("a wire or an agent, in small letters");
      program_.trees.push_back({std::string(text()), false, {}, next().span});
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
        program_.trees[tree].span = Span::join(program_.trees[tree].span, next().span);
        advance();
      }
      if (open.empty()) return tree;
      require(kComma, "',' or ')'");
    }
  }

  InetProgram& program_;
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
