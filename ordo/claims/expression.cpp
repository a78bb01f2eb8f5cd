#include "ordo/claims/expression.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/options.h"

namespace ordo::claims {
namespace {

using Kind = Node::Kind;

constexpr std::size_t kShown = 12;  // names listed in a hint
constexpr std::size_t kLine = 100;  // bytes of the text shown above a caret

double divide(double numerator, double denominator) {
  if (denominator == 0) throw NumericError("division by zero");
  return numerator / denominator;
}

double apply_function(const std::string& name, const std::vector<double>& arguments) {
  const double first = arguments.front();
  if (name == "exp") return std::exp(first);
  if (name == "abs") return std::abs(first);
  if (name == "log" || name == "sqrt") {
    if (first < 0 || (name == "log" && first == 0)) {
      throw NumericError(fmt::format("{} of {}", name, first));
    }
    return name == "log" ? std::log(first) : std::sqrt(first);
  }
  double total = 0, least = first, most = first;
  for (const double argument : arguments) {
    if (std::isnan(argument)) return argument;
    total += argument;
    least = std::min(least, argument);
    most = std::max(most, argument);
  }
  if (name == "min") return least;
  if (name == "max") return most;
  return total / static_cast<double>(arguments.size());
}

double combine(const Node& node, double left, double right) {
  switch (node.kind) {
    case Kind::add:
      return left + right;
    case Kind::subtract:
      return left - right;
    case Kind::multiply:
      return left * right;
    case Kind::divide:
      return divide(left, right);
    default:
      return std::pow(left, right);
  }
}

// Printing: how strongly an operator binds; brackets go around what binds less than its place asks.
int strength(const Node& node) {
  switch (node.kind) {
    case Kind::add:
    case Kind::subtract:
      return 1;
    case Kind::multiply:
    case Kind::divide:
      return 2;
    case Kind::negate:
    case Kind::power:
      return 3;
    default:
      return node.kind == Kind::number && std::signbit(node.number) ? 3 : 4;
  }
}

std::string_view symbol(Kind kind) {
  switch (kind) {
    case Kind::add:
      return " + ";
    case Kind::subtract:
      return " - ";
    case Kind::multiply:
      return " * ";
    case Kind::divide:
      return " / ";
    default:
      return "^";
  }
}

std::string quoted(const std::string& name) {
  const char quote = name.find('"') == std::string::npos ? '"' : '\'';
  return quote + name + quote;
}

std::string print(const Node& node, int needed);

std::string print_list(const std::vector<Node>& nodes) {
  std::string text;
  for (const Node& node : nodes) {
    if (!text.empty()) text += ", ";
    text += print(node, 0);
  }
  return text;
}

std::string print_bare(const Node& node) {
  switch (node.kind) {
    case Kind::number:
      return fmt::format("{}", node.number);
    case Kind::leaf:
      if (node.variant.empty()) return node.quoted ? quoted(node.name) : node.name;
      return fmt::format("{}({})", node.name, node.quoted ? quoted(node.variant) : node.variant);
    case Kind::aggregate:
    case Kind::call:
      return fmt::format("{}({})", node.name, print_list(node.children));
    case Kind::negate:
      return "-" + print(node.children[0], 3);
    case Kind::compare:
      return fmt::format("{} {} {}", print(node.children[0], 1), node.name,
                         print(node.children[1], 1));
    default:
      break;
  }
  const int own = strength(node);
  const bool is_power = node.kind == Kind::power;
  return print(node.children[0], is_power ? 4 : own) + std::string(symbol(node.kind)) +
         print(node.children[1], is_power ? 3 : own + 1);
}

std::string print(const Node& node, int needed) {
  std::string text = print_bare(node);
  return strength(node) < needed ? "(" + text + ")" : text;
}

}  // namespace

double evaluate(const Node& node, const std::function<double(const Node&)>& leaf) {
  switch (node.kind) {
    case Kind::number:
      return node.number;
    case Kind::leaf:
    case Kind::aggregate:
    case Kind::compare:
      return leaf(node);
    case Kind::negate:
      return -evaluate(node.children[0], leaf);
    case Kind::call: {
      std::vector<double> arguments;
      for (const Node& child : node.children) arguments.push_back(evaluate(child, leaf));
      return apply_function(node.name, arguments);
    }
    default:
      break;
  }
  const double left = evaluate(node.children[0], leaf);
  return combine(node, left, evaluate(node.children[1], leaf));
}

std::string to_string(const Node& node) { return print(node, 0); }

InputError syntax_error(const Location& where, std::string_view text, std::size_t column,
                        const std::string& message) {
  // A caret points into one line: the one of `column`, cut around it if it is long.
  const std::size_t place = std::min(column - 1, text.size());
  const std::size_t line_break = place == 0 ? std::string_view::npos : text.rfind('\n', place - 1);
  std::size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  const std::size_t end = std::min(text.find('\n', place), text.size());
  if (place - begin > kLine / 2) begin = place - kLine / 2;
  const std::string_view shown = text.substr(begin, std::min(end - begin, kLine));
  std::string pad;
  for (const char c : text.substr(begin, place - begin)) {
    // Continuation bytes of UTF-8 take no place on the screen.
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) pad += c == '\t' ? '\t' : ' ';
  }
  return InputError(where, fmt::format("{}\n  {}\n  {}^", message, shown, pad));
}

std::string hint(const std::string& word, const std::vector<std::string>& candidates,
                 const std::string& what) {
  if (candidates.empty()) return fmt::format("; there are no {}", what);
  std::string text;
  if (const auto near = nearest(word, candidates))
    text = fmt::format("; did you mean '{}'?", *near);
  text += text.empty() ? "; " : " ";
  text += what + ":";
  for (std::size_t i = 0; i < std::min(candidates.size(), kShown); ++i) {
    text += (i == 0 ? " " : ", ") + candidates[i];
  }
  if (candidates.size() > kShown) text += fmt::format(" and {} more", candidates.size() - kShown);
  return text;
}

}  // namespace ordo::claims
