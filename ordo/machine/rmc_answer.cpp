#include "ordo/machine/rmc_answer.h"

#include <algorithm>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

using Names = std::unordered_map<VarId, std::string>;

// The free variables that stand for themselves keep their names; others are numbered.
Names name_variables(const Terms& terms, const Answer& answer) {
  Names names;
  for (const auto& [variable, value] : answer.bindings) {
    const TermNode& node = terms.term(value);
    if (node.is_variable) names.try_emplace(node.label, terms.variable_name(variable));
  }
  std::size_t fresh = 0;
  const auto add = [&](TermId term) {
    for (const VarId v : terms.variables_of(term)) {
      if (!names.contains(v)) names[v] = fmt::format("_G{}", ++fresh);
    }
  };
  for (const auto& [variable, value] : answer.bindings) add(value);
  for (const MemoryEntry& entry : answer.memory) {
    for (const TermId item : entry.items) add(item);
  }
  return names;
}

}  // namespace

void sort_by_location(const Terms& terms, Memory& memory) {
  std::sort(memory.begin(), memory.end(), [&](const MemoryEntry& a, const MemoryEntry& b) {
    return terms.text(a.location) < terms.text(b.location);
  });
}

AnswerText answer_text(const Terms& terms, const Answer& answer) {
  const Names names = name_variables(terms, answer);
  AnswerText text;
  for (const auto& [variable, value] : answer.bindings) {
    std::string shown = print_term(terms, value, ~std::size_t{0}, &names);
    if (shown != terms.variable_name(variable)) {
      text.bindings.emplace_back(terms.variable_name(variable), std::move(shown));
    }
  }
  for (const MemoryEntry& entry : answer.memory) {
    std::vector<std::string> items;
    for (const TermId item : entry.items) {
      items.push_back(print_term(terms, item, ~std::size_t{0}, &names));
    }
    text.stacks.emplace_back(entry.location == kMain ? "main" : terms.text(entry.location),
                             std::move(items));
  }
  return text;
}

std::string print_answer(const Terms& terms, const Answer& answer) {
  const AnswerText parts = answer_text(terms, answer);
  std::string text;
  for (const auto& [name, value] : parts.bindings) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  }
  for (const auto& [name, items] : parts.stacks) {
    text += fmt::format("{}{}:", text.empty() ? "" : "; ", name);
    for (const std::string& item : items) text += " " + item;
  }
  return text.empty() ? "true" : text;
}

}  // namespace ordo::machine::rmc
