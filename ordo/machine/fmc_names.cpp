#include "ordo/machine/fmc_names.h"

namespace ordo::machine::fmc {

void Names::reserve_free(const Terms& terms, TermId root, std::size_t limit) {
  std::vector<TermId> todo{root};
  for (std::size_t seen = 0; !todo.empty() && seen < limit; ++seen) {
    const Node& node = terms[todo.back()];
    todo.pop_back();
    if (node.op == Op::free) used_.insert(terms.text(node.label));
    if (node.op == Op::push || node.op == Op::join || node.op == Op::loop)
      todo.push_back(node.first);
    if (node.op == Op::push || node.op == Op::join || node.op == Op::pop)
      todo.push_back(node.second);
  }
}

std::string Names::choose(const Terms& terms, Symbol binder) {
  const Symbol name = terms.binder_name(binder);
  const std::string base = name == 0 ? "x" : terms.text(name);
  std::string chosen = base;
  for (std::uint32_t& n = numbers_[base]; used_.contains(chosen);)
    chosen = base + std::to_string(++n);
  used_.insert(chosen);
  return chosen;
}

void Names::close() {
  used_.erase(scope_.back());
  scope_.pop_back();
}

std::string Names::bound(std::uint32_t index) const {
  if (index < scope_.size()) return scope_[scope_.size() - 1 - index];
  return "free" + std::to_string(index - scope_.size());
}

}  // namespace ordo::machine::fmc
