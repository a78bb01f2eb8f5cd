#include "ordo/machine/fmc_prim.h"

#include <algorithm>

#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::fmc {
namespace {

Delta compare(Terms& terms, Primitive primitive, const Integer& a, const Integer& b) {
  const auto order = a <=> b;
  const bool holds = primitive == Primitive::eq   ? order == 0
                     : primitive == Primitive::lt ? order < 0
                     : primitive == Primitive::le ? order <= 0
                                                  : order > 0;
  return {true, holds ? terms.true_jump() : terms.false_jump(), kSkip};
}

Delta on_integers(Terms& terms, Primitive primitive, const Integer& a, const Integer& b) {
  const auto number = [&](const Integer& n) {
    return Delta{true, terms.intern(n.to_string()), kSkip};
  };
  switch (primitive) {
    case Primitive::add:
      return number(a + b);
    case Primitive::sub:
      return number(a - b);
    case Primitive::mul:
      return number(a * b);
    case Primitive::div:
    case Primitive::mod:
      if (b.is_zero()) return {true, 0, terms.division_by_zero()};
      return number(primitive == Primitive::div ? floor_div(a, b) : floor_mod(a, b));
    case Primitive::eq:
    case Primitive::lt:
    case Primitive::le:
    case Primitive::gt:
      return compare(terms, primitive, a, b);
    default:
      return {};
  }
}

std::int64_t code_points(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

std::string string_value(const Terms& terms, Symbol literal) {
  const SourceMap none;
  Diagnostics problems(none);
  return unquote(terms.text(literal), {}, problems);
}

Delta apply(Terms& terms, Primitive primitive, Symbol left, Symbol right) {
  const auto integer = [&](Symbol s) { return is_integer(terms.text(s)); };
  const auto string = [&](Symbol s) { return is_string(terms.text(s)); };
  if (primitive == Primitive::show) {
    if (left == kSkip) return {};
    return {true, terms.intern(quote(terms.text(left))), kSkip};
  }
  if (primitive == Primitive::len) {
    if (!string(left)) return {};
    return {true, terms.intern(std::to_string(code_points(string_value(terms, left)))), kSkip};
  }
  if (primitive == Primitive::cat) {
    if (!string(left) || !string(right)) return {};
    return {true, terms.intern(quote(string_value(terms, left) + string_value(terms, right))),
            kSkip};
  }
  if (primitive == Primitive::eq && string(left) && string(right)) {
    return {true, left == right ? terms.true_jump() : terms.false_jump(), kSkip};
  }
  if (!integer(left) || !integer(right)) return {};
  return on_integers(terms, primitive, *Integer::parse(terms.text(left)),
                     *Integer::parse(terms.text(right)));
}

}  // namespace ordo::machine::fmc
