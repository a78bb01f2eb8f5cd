#include "ordo/machine/fmc_term.h"

#include <algorithm>
#include <limits>

#include "ordo/base/error.h"
#include "ordo/machine/fmc_type_syntax.h"

namespace ordo::machine::fmc {

Terms::Terms() {
  intern("");
  intern("*");
  true_ = intern("True");
  false_ = intern("False");
  division_by_zero_ = intern("DivZero");
  const char* names[kPrimitives] = {"add", "sub", "mul", "div", "mod", "eq",
                                    "lt",  "le",  "gt",  "cat", "len", "show"};
  for (int i = 0; i < kPrimitives; ++i) primitives_[intern(names[i])] = static_cast<Primitive>(i);
  skip_ = add({Op::jump, kSkip});
}

Symbol Terms::intern(std::string_view text) {
  if (const auto found = index_.find(text); found != index_.end()) return found->second;
  symbols_.emplace_back(text);
  const auto symbol = static_cast<Symbol>(symbols_.size() - 1);
  index_.emplace(symbols_.back(), symbol);
  return symbol;
}

const Primitive* Terms::primitive(Symbol name) const {
  const auto found = primitives_.find(name);
  return found == primitives_.end() ? nullptr : &found->second;
}

Symbol Terms::annotate(Symbol name, TypeSyntax type, std::string_view spelled) {
  const Symbol binder = intern(text(name) + " : " + std::string(spelled));
  annotations_.try_emplace(binder,
                           Annotation{name, std::make_shared<const TypeSyntax>(std::move(type))});
  return binder;
}

Symbol Terms::binder_name(Symbol binder) const {
  const auto found = annotations_.find(binder);
  return found == annotations_.end() ? binder : found->second.name;
}

const TypeSyntax* Terms::annotation(Symbol binder) const {
  const auto found = annotations_.find(binder);
  return found == annotations_.end() ? nullptr : found->second.type.get();
}

TermId Terms::add(Node node) {
  if (nodes_.size() >= std::numeric_limits<TermId>::max()) {
    throw LimitError("the terms of this session have more than 2^32 nodes");
  }
  nodes_.push_back(node);
  return static_cast<TermId>(nodes_.size() - 1);
}

TermId Terms::bound(std::uint32_t index) { return add({Op::bound, index, 0, 0, index + 1}); }
TermId Terms::free(Symbol name) { return add({Op::free, name}); }
TermId Terms::jump(Symbol label) { return label == kSkip ? skip_ : add({Op::jump, label}); }
TermId Terms::push(TermId value, Symbol location, TermId rest) {
  return add(
      {Op::push, location, value, rest, std::max(nodes_[value].max_free, nodes_[rest].max_free)});
}
TermId Terms::pop(Symbol location, Symbol name, TermId body) {
  const std::uint32_t inside = nodes_[body].max_free;
  return add({Op::pop, location, name, body, inside == 0 ? 0 : inside - 1});
}
TermId Terms::join(TermId left, Symbol jump, TermId handler) {
  return add(
      {Op::join, jump, left, handler, std::max(nodes_[left].max_free, nodes_[handler].max_free)});
}
TermId Terms::loop(TermId body, Symbol jump) {
  return add({Op::loop, jump, body, 0, nodes_[body].max_free});
}

void Terms::set_span(TermId id, Span span) {
  if (id == skip_) return;
  if (spans_.size() <= id) spans_.extend(std::size_t{id} + 1);
  spans_[id] = span;
}

// Rebuilds a term bottom-up with an explicit stack. `unchanged(id, depth)` cuts the walk short;
// `on_leaf(id, depth)` maps bound and free variables.
template <class OnLeaf, class Unchanged>
TermId Terms::rebuild(TermId root, const OnLeaf& on_leaf, const Unchanged& unchanged) {
  struct Task {
    TermId id;
    std::uint32_t depth;
    bool build;
  };
  std::vector<Task> tasks{{root, 0, false}};
  std::vector<TermId> values;
  const auto take = [&] {
    const TermId value = values.back();
    values.pop_back();
    return value;
  };
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    const Node node = nodes_[task.id];
    if (!task.build) {
      if (unchanged(task.id, task.depth)) {
        values.push_back(task.id);
      } else if (node.op == Op::bound || node.op == Op::free || node.op == Op::jump) {
        values.push_back(on_leaf(task.id, task.depth));
      } else {
        tasks.push_back({task.id, task.depth, true});
        if (node.op != Op::loop) {
          tasks.push_back({node.second, task.depth + (node.op == Op::pop ? 1 : 0), false});
        }
        if (node.op != Op::pop) tasks.push_back({node.first, task.depth, false});
      }
      continue;
    }
    const TermId second = node.op == Op::loop ? 0 : take();
    const TermId first = node.op == Op::pop ? node.first : take();
    if (first == node.first && second == node.second) {
      values.push_back(task.id);
      continue;
    }
    TermId built = 0;
    if (node.op == Op::push) built = push(first, node.label, second);
    if (node.op == Op::pop) built = pop(node.label, first, second);
    if (node.op == Op::join) built = join(first, node.label, second);
    if (node.op == Op::loop) built = loop(first, node.label);
    if (task.id < spans_.size()) set_span(built, spans_[task.id]);
    values.push_back(built);
  }
  return values.back();
}

TermId Terms::shift(TermId term, std::uint32_t by, std::uint32_t from) {
  if (by == 0) return term;
  return rebuild(
      term, [&](TermId id, std::uint32_t) { return bound(nodes_[id].label + by); },
      [&](TermId id, std::uint32_t depth) { return nodes_[id].max_free <= depth + from; });
}

TermId Terms::instantiate(TermId term, std::span<const TermId> values) {
  const auto count = static_cast<std::uint32_t>(values.size());
  return rebuild(
      term,
      [&](TermId id, std::uint32_t depth) {
        const std::uint32_t index = nodes_[id].label - depth;
        return index < count ? shift(values[index], depth) : bound(nodes_[id].label - count);
      },
      [&](TermId id, std::uint32_t depth) { return nodes_[id].max_free <= depth; });
}

TermId Terms::replace_free(TermId term, const std::function<bool(Symbol, TermId&)>& lookup) {
  return rebuild(
      term,
      [&](TermId id, std::uint32_t) {
        TermId value = id;
        if (nodes_[id].op == Op::free) lookup(nodes_[id].label, value);
        return value;
      },
      [](TermId, std::uint32_t) { return false; });
}

bool Terms::equal(TermId a, TermId b) const {
  std::vector<std::pair<TermId, TermId>> tasks{{a, b}};
  while (!tasks.empty()) {
    const auto [left, right] = tasks.back();
    tasks.pop_back();
    if (left == right) continue;
    const Node& x = nodes_[left];
    const Node& y = nodes_[right];
    if (x.op != y.op || x.label != y.label) return false;
    if (x.op == Op::push || x.op == Op::join || x.op == Op::loop)
      tasks.emplace_back(x.first, y.first);
    if (x.op == Op::push || x.op == Op::join || x.op == Op::pop)
      tasks.emplace_back(x.second, y.second);
  }
  return true;
}

std::uint64_t Terms::tree_size(TermId term) const {
  std::uint64_t count = 0;
  std::vector<TermId> tasks{term};
  while (!tasks.empty() && count < (std::uint64_t{1} << 40)) {
    const Node& node = nodes_[tasks.back()];
    tasks.pop_back();
    ++count;
    if (node.op == Op::push || node.op == Op::join || node.op == Op::loop)
      tasks.push_back(node.first);
    if (node.op == Op::push || node.op == Op::join || node.op == Op::pop)
      tasks.push_back(node.second);
  }
  return count;
}

}  // namespace ordo::machine::fmc
