// Reading:
//
//   claim      = comparison ("and" comparison)*
//   comparison = sum ("<" | "<=" | ">" | ">=") sum ("by" number)?
//              | sum "~=" sum "within" number
//   primary    = ... | measure "(" variant ")" | function "(" sum ("," sum)* ")"
#include "ordo/claims/claim.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/claims/scanner.h"

namespace ordo::claims {
namespace {

using Kind = Node::Kind;

constexpr std::array<std::pair<std::string_view, Relation>, 5> kRelations = {{
    {"<", Relation::less},
    {"<=", Relation::less_equal},
    {">", Relation::greater},
    {">=", Relation::greater_equal},
    {"~=", Relation::equivalent},
}};

constexpr std::array<std::pair<std::string_view, Method>, 5> kMethods = {{
    {"automatic", Method::automatic},
    {"student", Method::student},
    {"permutation", Method::permutation},
    {"wilcoxon", Method::wilcoxon},
    {"bootstrap", Method::bootstrap},
}};

// Comparisons that a claim may come to once every * is written out.
constexpr std::size_t kMaxComparisons = 10'000;

bool is_wildcard(const Node& node) {
  return node.kind == Kind::leaf && node.variant == "*" && !node.quoted;
}

/// Calls `visit` for every leaf, left to right.
template <class Visit>
void for_each_leaf(const Node& node, const Visit& visit) {
  if (node.kind == Kind::leaf) visit(node);
  for (const Node& child : node.children) for_each_leaf(child, visit);
}

bool has_wildcard(const Node& node) {
  bool found = false;
  for_each_leaf(node, [&](const Node& leaf) { found = found || is_wildcard(leaf); });
  return found;
}

bool names_measure(const Node& node) {
  bool found = false;
  for_each_leaf(node, [&](const Node&) { found = true; });
  return found;
}

class ClaimParser : public ArithmeticParser {
 public:
  using ArithmeticParser::ArithmeticParser;

  std::vector<Comparison> parse() {
    std::vector<Comparison> comparisons;
    do {
      comparisons.push_back(parse_comparison());
    } while (scanner_.accept("and"));
    if (scanner_.peek().kind != Token::Kind::end) {
      scanner_.fail_expected("'and', 'by', 'within' or the end");
    }
    return comparisons;
  }

 private:
  Node parse_name(const Token& name) override {
    if (!scanner_.accept("(")) {
      scanner_.fail(name.column,
                    fmt::format("'{0}' needs a variant, as in {0}(baseline)", name.text));
    }
    if (name.kind == Token::Kind::name && is_function(name.text)) {
      Node call{.kind = Kind::call, .name = name.text, .column = name.column};
      call.children = parse_arguments(name.text);
      check_arguments(scanner_, call);
      return call;
    }
    const Token variant = scanner_.take_variant();
    if (!scanner_.accept(")")) {
      scanner_.fail_expected(
          fmt::format("')' after the variant '{}' (a measure is defined under "
                      "[measure] and named here with its variant)",
                      variant.text));
    }
    return {.kind = Kind::leaf,
            .name = name.text,
            .variant = variant.text,
            .quoted = variant.kind == Token::Kind::quoted,
            .column = name.column};
  }

  Comparison parse_comparison() {
    Comparison comparison;
    comparison.column = scanner_.peek().column;
    comparison.left = parse_sum();
    comparison.relation = parse_relation();
    comparison.right = parse_sum();
    if (!names_measure(comparison.left) && !names_measure(comparison.right)) {
      scanner_.fail(comparison.column,
                    "this compares numbers with each other; name a measure of a "
                    "variant, as in acc(baseline)");
    }
    parse_margin(comparison);
    refuse_chain();
    comparison.text = scanner_.text().substr(comparison.column - 1,
                                             scanner_.end_of_last() - (comparison.column - 1));
    return comparison;
  }

  Relation parse_relation() {
    const Token& next = scanner_.peek();
    if (next.text == "==" || next.text == "=" || next.text == "!=") {
      scanner_.fail(next.column, fmt::format("measured numbers are never shown to be equal or "
                                             "unequal by '{}'; write a ~= b within 0.01",
                                             next.text));
    }
    for (const auto& [text, relation] : kRelations) {
      if (scanner_.accept(text)) return relation;
    }
    scanner_.fail_expected("<, <=, >, >= or ~=");
  }

  void parse_margin(Comparison& comparison) {
    const Token word = scanner_.peek();
    const bool equivalence = comparison.relation == Relation::equivalent;
    if (scanner_.accept("within")) {
      if (!equivalence) scanner_.fail(word.column, "'within' goes with ~=; here write 'by'");
    } else if (scanner_.accept("by")) {
      if (equivalence) scanner_.fail(word.column, "~= takes 'within', not 'by'");
    } else if (equivalence) {
      scanner_.fail_expected("'within' and a number: how far apart may count as equal");
    } else {
      return;
    }
    const Token number = scanner_.peek();
    if (number.kind != Token::Kind::number) scanner_.fail_expected("a number, not negative");
    scanner_.take();
    if (equivalence && number.number == 0) {
      scanner_.fail(number.column,
                    "no number of seeds shows a difference of exactly 0; give a "
                    "margin above 0");
    }
    comparison.margin = number.number;
  }

  void refuse_chain() {
    for (const auto& [text, relation] : kRelations) {
      if (scanner_.next_is(text)) {
        scanner_.fail(scanner_.peek().column, "comparisons do not chain; join two with 'and'");
      }
    }
  }
};

/// Checks names and writes out `*` for one claim.
class Resolver {
 public:
  Resolver(const Claim& claim, std::span<const std::string> variants,
           std::span<const std::string> measures)
      : claim_(claim),
        variants_(variants.begin(), variants.end()),
        measures_(measures.begin(), measures.end()) {}

  std::vector<Comparison> expand(const Comparison& comparison) const {
    check(comparison.left);
    check(comparison.right);
    const bool wild = has_wildcard(comparison.left) || has_wildcard(comparison.right);
    if (!wild) return {comparison};
    const std::vector<std::string> others = unnamed(comparison);
    Comparison listed = comparison;
    listed.left = list_in_functions(comparison.left, others);
    listed.right = list_in_functions(comparison.right, others);
    std::vector<Comparison> expanded;
    if (!has_wildcard(listed.left) && !has_wildcard(listed.right)) {
      expanded.push_back(std::move(listed));
    } else {
      for (const std::string& variant : others) {
        Comparison one = listed;
        one.left = substitute(listed.left, variant);
        one.right = substitute(listed.right, variant);
        expanded.push_back(std::move(one));
      }
    }
    for (Comparison& one : expanded) one.text = describe(one);
    return expanded;
  }

 private:
  [[noreturn]] void fail(std::size_t column, const std::string& message) const {
    throw syntax_error(claim_.where, claim_.text, column, message);
  }

  void check(const Node& side) const {
    for_each_leaf(side, [&](const Node& leaf) {
      if (std::find(measures_.begin(), measures_.end(), leaf.name) == measures_.end()) {
        fail(leaf.column, fmt::format("there is no measure '{}'{}", leaf.name,
                                      hint(leaf.name, measures_, "measures")));
      }
      const bool known =
          std::find(variants_.begin(), variants_.end(), leaf.variant) != variants_.end();
      if (!known && !is_wildcard(leaf)) {
        fail(leaf.column, fmt::format("there is no variant '{}'{}", leaf.variant,
                                      hint(leaf.variant, variants_, "variants")));
      }
    });
  }

  std::vector<std::string> unnamed(const Comparison& comparison) const {
    const std::vector<std::string> named = comparison.variants();
    std::vector<std::string> others;
    for (const std::string& variant : variants_) {
      if (std::find(named.begin(), named.end(), variant) == named.end()) others.push_back(variant);
    }
    if (others.empty()) {
      fail(comparison.column,
           "'*' stands for every variant that the comparison does not name, and "
           "there is no other");
    }
    return others;
  }

  Node substitute(Node node, const std::string& variant) const {
    if (is_wildcard(node)) {
      node.variant = variant;
      node.quoted = needs_quotes(variant);
    }
    for (Node& child : node.children) child = substitute(std::move(child), variant);
    return node;
  }

  /// In max, min and mean, an argument with `*` becomes one argument a variant.
  Node list_in_functions(const Node& node, const std::vector<std::string>& others) const {
    const bool lists = node.kind == Kind::call &&
                       (node.name == "max" || node.name == "min" || node.name == "mean");
    Node copy = node;
    copy.children.clear();
    for (const Node& child : node.children) {
      const Node inner = list_in_functions(child, others);
      if (!lists || !has_wildcard(inner)) {
        copy.children.push_back(inner);
        continue;
      }
      if (copy.children.size() + others.size() > kMaxComparisons) fail_too_many();
      for (const std::string& variant : others) copy.children.push_back(substitute(inner, variant));
    }
    return copy;
  }

  [[noreturn]] void fail_too_many() const {
    fail(1, fmt::format("written out, this comes to more than {} terms", kMaxComparisons));
  }

  static bool needs_quotes(const std::string& variant) {
    return variant.find_first_of("()<>\"' *") != std::string::npos;
  }

  static std::string describe(const Comparison& comparison) {
    std::string text = fmt::format("{} {} {}", to_string(comparison.left),
                                   to_string(comparison.relation), to_string(comparison.right));
    if (comparison.relation == Relation::equivalent) {
      text += fmt::format(" within {}", comparison.margin);
    } else if (comparison.margin != 0) {
      text += fmt::format(" by {}", comparison.margin);
    }
    return text;
  }

  const Claim& claim_;
  std::vector<std::string> variants_, measures_;
};

std::vector<std::string> leaf_names(const Comparison& comparison, std::string Node::* member) {
  std::vector<std::string> names;
  const auto add = [&](const Node& leaf) {
    const bool wild = member == &Node::variant && is_wildcard(leaf);
    const bool known = std::find(names.begin(), names.end(), leaf.*member) != names.end();
    if (!wild && !known) names.push_back(leaf.*member);
  };
  for_each_leaf(comparison.left, add);
  for_each_leaf(comparison.right, add);
  return names;
}

}  // namespace

std::string_view to_string(Relation relation) {
  return kRelations[static_cast<std::size_t>(relation)].first;
}

std::string_view to_string(Method method) {
  return kMethods[static_cast<std::size_t>(method)].first;
}

Method parse_method(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [text, method] : kMethods) {
    if (text == name) return method;
    known.emplace_back(text);
  }
  throw UsageError(fmt::format("there is no method '{}'{}", name, hint(name, known, "methods")));
}

std::vector<std::string> Comparison::variants() const { return leaf_names(*this, &Node::variant); }

std::vector<std::string> Comparison::measures() const { return leaf_names(*this, &Node::name); }

Claim parse_claim(std::string_view text, const Location& where) {
  Claim claim;
  claim.text = text;
  claim.where = where;
  claim.comparisons = ClaimParser(text, where).parse();
  return claim;
}

Claim resolve(const Claim& claim, std::span<const std::string> variants,
              std::span<const std::string> measures) {
  const Resolver resolver(claim, variants, measures);
  Claim resolved = claim;
  resolved.comparisons.clear();
  for (const Comparison& comparison : claim.comparisons) {
    for (Comparison& one : resolver.expand(comparison)) {
      resolved.comparisons.push_back(std::move(one));
    }
  }
  return resolved;
}

}  // namespace ordo::claims
