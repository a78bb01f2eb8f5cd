#include "ordo/machine/fmc_type_syntax.h"

#include <unordered_map>

#include <fmt/format.h>

#include "ordo/machine/fmc_tokens.h"

namespace ordo::machine::fmc {
namespace {

class TypeParser {
 public:
  explicit TypeParser(TokenStream& tokens) : tokens_(tokens) {}

  TypeSyntax type() {
    const Span start = tokens_.next().span;
    Frames frames;
    MemorySyntax before = memory(frames);
    if (!tokens_.take(kImplies)) return single(std::move(before), start);
    TypeSyntax arrow{TypeSyntax::Kind::arrow, 0, {}, std::move(before), {}, start};
    if (!exit_starts()) {
      arrow.exits.push_back({kSkip, memory(frames)});
    } else {
      do {
        if (!exit_starts()) tokens_.expected("an exit: a jump and ':'");
        const Symbol jump = tokens_.take_jump();
        tokens_.advance();
        arrow.exits.push_back({jump, memory(frames)});
      } while (tokens_.take(kBar));
    }
    arrow.span = Span::join(start, tokens_.last());
    return arrow;
  }

  TypeSyntax atom() {
    const Token token = tokens_.next();
    if (tokens_.take(kLeft)) {
      if (++depth_ > kMaxTypeDepth)
        tokens_.expected(fmt::format("types nested at most {} deep", kMaxTypeDepth));
      TypeSyntax inner = type();
      --depth_;
      tokens_.require(kRight, "')' at the end of the type");
      return inner;
    }
    if (tokens_.at(TokenKind::upper)) {
      const Symbol name = tokens_.terms().intern(tokens_.text(tokens_.advance()));
      const std::string& text = tokens_.terms().text(name);
      const auto kind = text == "Int"   ? TypeSyntax::Kind::integer
                        : text == "Str" ? TypeSyntax::Kind::string
                                        : TypeSyntax::Kind::data;
      return {kind, name, {}, {}, {}, token.span};
    }
    if (!tokens_.name()) tokens_.expected("a type: Int, Str, a variable, a data type or '('");
    const Symbol name = tokens_.take_name("a type");
    return {TypeSyntax::Kind::variable, name, {}, {}, {}, token.span};
  }

 private:
  using Frames = std::unordered_map<Symbol, std::string>;  // by location

  bool atom_starts() const {
    return tokens_.at(kLeft) || (tokens_.at(TokenKind::upper) && !tokens_.at(kColon, 1)) ||
           (tokens_.name() && !tokens_.at(kColon, 1));
  }
  bool exit_starts() const { return tokens_.jump_at() && tokens_.at(kColon, 1); }

  MemorySyntax memory(Frames& frames) {
    MemorySyntax made;
    do {
      StackSyntax stack{kMain, {}};
      const Span start = tokens_.next().span;
      if (tokens_.name() && tokens_.at(kColon, 1)) {
        stack.location = tokens_.take_name("a location");
        tokens_.advance();
      }
      if (tokens_.take(kFrame)) frame(stack.location, frames);
      while (atom_starts()) stack.items.push_back(atom());
      for (const StackSyntax& other : made) {
        if (other.location == stack.location)
          tokens_.problems().error(start, "a stack is described twice in one memory");
      }
      made.push_back(std::move(stack));
    } while (tokens_.take(kSemicolon));
    return made;
  }

  void frame(Symbol location, Frames& frames) {
    const Token token = tokens_.next();
    const Symbol name = tokens_.take_name("a name after '..'");
    const auto [place, fresh] = frames.try_emplace(location, tokens_.terms().text(name));
    if (!fresh && place->second != tokens_.terms().text(name)) {
      tokens_.problems().error(
          token.span,
          fmt::format("the stack's frame is ..{} elsewhere in this type", place->second),
          "what lies below the values that are taken stays as it is");
    }
  }

  // A memory that turned out to be no memory: one value's type.
  TypeSyntax single(MemorySyntax memory, Span start) {
    std::vector<TypeSyntax>& items = memory.front().items;
    if (memory.size() != 1 || memory.front().location != kMain || items.empty())
      tokens_.expected("a type, or '=>' after what it takes");
    if (items.size() > 1) {
      if (items.front().kind != TypeSyntax::Kind::data || !items.front().arguments.empty())
        tokens_.expected("'=>' after what the type takes");
      items.front().arguments.assign(std::make_move_iterator(items.begin() + 1),
                                     std::make_move_iterator(items.end()));
      items.front().span = Span::join(start, tokens_.last());
    }
    return std::move(items.front());
  }

  TokenStream& tokens_;
  int depth_ = 0;
};

std::string memory_text(const Terms& terms, const MemorySyntax& memory);

std::string atom_text(const Terms& terms, const TypeSyntax& type) {
  const bool open = type.kind == TypeSyntax::Kind::arrow || !type.arguments.empty();
  const std::string text = to_text(terms, type);
  return open ? "(" + text + ")" : text;
}

std::string memory_text(const Terms& terms, const MemorySyntax& memory) {
  std::string text;
  for (const StackSyntax& stack : memory) {
    std::string part;
    if (stack.location != kMain) part = terms.text(stack.location) + ":";
    for (const TypeSyntax& item : stack.items) {
      if (!part.empty()) part += ' ';
      part += atom_text(terms, item);
    }
    if (&stack != &memory.front()) text += text.empty() ? "; " : " ; ";
    text += part;
  }
  return text;
}

}  // namespace

TypeSyntax parse_type(TokenStream& tokens) { return TypeParser(tokens).type(); }
TypeSyntax parse_type_atom(TokenStream& tokens) { return TypeParser(tokens).atom(); }

std::string to_text(const Terms& terms, const TypeSyntax& type) {
  switch (type.kind) {
    case TypeSyntax::Kind::integer:
      return "Int";
    case TypeSyntax::Kind::string:
      return "Str";
    case TypeSyntax::Kind::variable:
      return terms.text(type.name);
    case TypeSyntax::Kind::data: {
      std::string text = terms.text(type.name);
      for (const TypeSyntax& argument : type.arguments) text += " " + atom_text(terms, argument);
      return text;
    }
    case TypeSyntax::Kind::arrow:
      break;
  }
  const std::string before = memory_text(terms, type.before);
  std::string text = before.empty() ? "=>" : before + " =>";
  const bool plain = type.exits.size() == 1 && type.exits.front().jump == kSkip;
  for (const ExitSyntax& exit : type.exits) {
    if (&exit != &type.exits.front()) text += " |";
    if (!plain) text += " " + terms.text(exit.jump) + ":";
    const std::string after = memory_text(terms, exit.memory);
    if (!after.empty()) text += " " + after;
  }
  return text;
}

}  // namespace ordo::machine::fmc
